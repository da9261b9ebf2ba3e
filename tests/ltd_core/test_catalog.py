"""The description of everything that can be named: complete, JSON, and each example runs as it stands."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from ltd_core.catalog import FAMILIES, INNER, describe
from ltd_core.experiments import EXPERIMENTS
from ltd_core.metrics import METRICS
from ltd_core.probes import PROBES
from ltd_core.spec import parse_spec
from tests.ltd_core.problems.harness import small_problem
from tests.ltd_core.training import SMALL, alone

DESCRIBED = describe()
ENTRIES = [(family, entry) for family in FAMILIES for entry in DESCRIBED[family]]


def test_nothing_is_missing() -> None:
    kinds = {family: [entry["kind"] for entry in entries] for family, entries in DESCRIBED.items()}
    assert kinds == {family: list(entries) for family, entries in (FAMILIES | INNER).items()} | {
        "experiment": list(EXPERIMENTS),
        "probe": list(PROBES),
        "metric": list(METRICS),
    }
    assert json.loads(json.dumps(DESCRIBED, allow_nan=False)) == DESCRIBED


@pytest.mark.parametrize(("family", "entry"), ENTRIES, ids=[f"{family}-{entry['kind']}" for family, entry in ENTRIES])
def test_an_example_is_a_setting_that_runs(family: str, entry: dict[str, Any]) -> None:
    settings = entry["example"] | (small_problem(entry["kind"]) if family == "problem" else {})
    settings |= {"hidden_size": 5} if family == "cell" else {}
    settings |= {"every": 2, "sequences": 10} if family == "evaluation" else {}
    spec = parse_spec(SMALL | {"updates": 2, family: settings})
    assert spec.full()[family] == settings
    outcome = alone(spec)[-1].outcome
    assert outcome is not None
    assert outcome.kind == "exhausted"


@pytest.mark.parametrize(("family", "entry"), ENTRIES, ids=[f"{family}-{entry['kind']}" for family, entry in ENTRIES])
def test_a_description_is_whole(family: str, entry: dict[str, Any]) -> None:
    assert entry["summary"].endswith(".")
    assert set(entry["settings"]["properties"]) == set(entry["example"])
    assert entry["settings"]["additionalProperties"] is False
    assert entry["formula"] or family in {"evaluation", "observation"}


def test_describing_needs_no_torch() -> None:
    """The API describes mechanisms in a process that never computes."""
    code = "import sys; from ltd_core.catalog import describe; describe(); print('torch._C' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
