from __future__ import annotations

from typing import Any

import pytest
from annotated_types import Ge, Gt, Le, Lt
from flask.testing import FlaskClient

from ltd_core.catalog import FAMILIES, INNER
from ltd_core.experiments import EXPERIMENTS
from ltd_core.metrics import METRICS
from ltd_core.probes import PROBES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BOUNDS = {Ge: ("ge", "minimum"), Gt: ("gt", "exclusiveMinimum"), Le: ("le", "maximum"), Lt: ("lt", "exclusiveMaximum")}
TYPES = {int: "integer", float: "number", str: "string", bool: "boolean"}


def test_every_entry_of_every_registry_is_described(client: FlaskClient) -> None:
    found = client.get("/api/v1/mechanisms").json
    registries = FAMILIES | INNER | {"experiment": EXPERIMENTS, "probe": PROBES, "metric": METRICS}
    assert {family: [entry["kind"] for entry in entries] for family, entries in found.items()} == {
        family: list(registry) for family, registry in registries.items()
    }
    assert all(entry["summary"] for entries in found.values() for entry in entries)


def test_settings_have_types_ranges_defaults_and_words(client: FlaskClient) -> None:
    found = client.get("/api/v1/mechanisms").json
    seen = 0
    for family, registry in (FAMILIES | {"experiment": EXPERIMENTS}).items():
        for entry in found[family]:
            fields = registry[entry["kind"]].model_fields
            settings = entry["settings"]["properties"]
            assert settings.keys() == fields.keys()
            for name, field in fields.items():
                described = settings[name].keys() & {"description", "oneOf", "$ref"}  # a mechanism has its own entry
                assert name in {"kind", "experiment"} or described, (family, name)
                seen += _held(settings[name], field)
    assert seen > 20  # ranges


def _held(setting: dict[str, Any], field: Any) -> int:
    """Hold a setting's description against the field that validates it; return its number of bounds."""
    if field.annotation in TYPES:
        assert setting["type"] == TYPES[field.annotation]
        if not field.is_required():
            assert setting["default"] == field.default
    ends = [(item, *BOUNDS[type(item)]) for item in field.metadata if type(item) in BOUNDS]
    bounds = {name: getattr(item, own) for item, own, name in ends}
    assert {name: setting[name] for name in setting if "imum" in name.lower()} == bounds
    assert not setting.keys() & {"ge", "gt", "le", "lt"}
    return len(bounds)


def test_metrics_and_traces_say_how_to_read_them(client: FlaskClient) -> None:
    found = client.get("/api/v1/mechanisms").json
    assert {entry["better"] for entry in found["metric"]} == {"lower", "higher", None}
    assert {entry["kind"] for entry in found["metric"] if entry["yes_or_no"]} == {"success", "diverged"}
    for entry in found["probe"]:
        assert entry["axes"][0] == "step"
        assert entry["every"] >= 1
        assert entry["unit"]


def test_the_description_is_sent_once(client: FlaskClient) -> None:
    tag = {"If-None-Match": client.get("/api/v1/mechanisms").headers["ETag"]}
    assert client.get("/api/v1/mechanisms", headers=tag).status_code == 304
