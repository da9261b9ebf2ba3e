"""Identities of specifications never change: those of the examples and of every mechanism, as they were first written.

`identities.json` is data, not made by any code here: a changed entry is a changed digest of runs that are stored.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltd_core.spec import parse_spec

KNOWN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("identities.json").read_text())


@pytest.mark.parametrize("name", KNOWN)
def test_a_specification_keeps_its_identity(name: str) -> None:
    known = KNOWN[name]
    spec = parse_spec(known["sent"], stored=True)
    assert spec.canonical_json() == known["canonical"]
    assert (spec.digest, spec.shape_key) == (known["digest"], known["shape_key"])
    assert json.dumps(spec.full()) == json.dumps(known["full"]), "the order of the fields included"


@pytest.mark.parametrize("name", KNOWN)
def test_a_seed_makes_the_same_identity_as_sending_it(name: str) -> None:
    known = KNOWN[name]
    seed = known["full"]["seed"]
    spec = parse_spec(known["sent"] | {"seed": seed ^ 1}, stored=True).seeded(seed)
    assert (spec.digest, spec.shape_key, spec.full()) == (known["digest"], known["shape_key"], known["full"])
