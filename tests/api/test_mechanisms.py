from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltd_core.cells import CELLS
from ltd_core.clipping import CLIPPINGS
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.probes import PROBES
from ltd_core.problems import PROBLEMS
from ltd_core.spec import parse_spec

if TYPE_CHECKING:
    from flask.testing import FlaskClient

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BASE = {"problem": {"kind": "adding", "length": 20}}
FAMILIES = {
    "cell": CELLS,
    "clipping": CLIPPINGS,
    "initialization": INITIALIZATIONS,
    "optimizer": OPTIMIZERS,
    "problem": PROBLEMS,
}


def test_every_entry_of_every_registry_is_described(client: FlaskClient) -> None:
    found = client.get("/api/v1/mechanisms").json
    for family, registry in FAMILIES.items():
        assert [entry["kind"] for entry in found[family]] == list(registry)
        for entry in found[family]:
            assert entry["summary"]
            assert entry["formula"]
            settings = entry["settings"]["properties"]
            assert settings.keys() == registry[entry["kind"]].model_fields.keys()
            assert all(setting.get("description") for name, setting in settings.items() if name != "kind")
            assert parse_spec(BASE | {family: entry["example"]}).full()[family]["kind"] == entry["kind"]
    assert {probe.name for probe in PROBES.values()} <= {entry["kind"] for entry in found["probe"]}
