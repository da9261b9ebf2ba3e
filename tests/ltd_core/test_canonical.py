"""The texts of settings, against a slow way to write them: a dictionary, then JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from ltd_core.catalog import FAMILIES
from ltd_core.experiments import EXPERIMENTS
from ltd_core.mechanism import Mechanism
from ltd_core.spec import parse_spec

if TYPE_CHECKING:
    from ltd_core.canonical import Canonical

TRAINING: dict[str, Any] = {"problem": {"kind": "adding", "length": [11, 31]}, "optimizer": {"kind": "sgd", "lr": 0.5}}
CELL = {"kind": "rnn", "delays": [1, 4], "time_scale": {"kind": "constant", "alpha": 0.25}}
SPECS: dict[str, dict[str, Any]] = {
    **{f"experiment-{kind}": entry.example() for kind, entry in EXPERIMENTS.items()},
    **{
        f"{family}-{kind}": TRAINING | {family: entry.example()}
        for family, entries in FAMILIES.items()
        for kind, entry in entries.items()
        if family in EXPERIMENTS["training"].model_fields and (family, kind) != ("regularizer", "omega")
    },
    "nested": TRAINING | {"cell": CELL, "seed": 7, "clipping": {"kind": "norm", "threshold": {"quantile": 0.5}}},
    "list": {"experiment": "linear_recurrence", "hidden_size": 2, "matrix": [[0, 1], [0.5, 0]], "seed": 3},
}


def slow(model: Canonical, *, shape: bool) -> dict[str, Any]:
    """Return the settings as a dictionary."""
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if shape and {name, "*"} & model.lane_fields:
            found |= {name: len(value)} if isinstance(value, tuple) else {}
        elif isinstance(value, Mechanism):
            found |= {name: slow(value, shape=shape)} if shape or value != field.default else {}
        elif name in {"kind", "experiment"} or value != field.default:
            found[name] = plain(value)
    return found


def plain(value: object) -> object:
    """Return a value that is no mechanism as JSON has it; of settings without a kind, those that are no defaults."""
    if isinstance(value, BaseModel):
        return {name: plain(v) for name, v in value if v != type(value).model_fields[name].default}
    return [plain(v) for v in value] if isinstance(value, tuple) else value


def written(settings: dict[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("name", SPECS)
def test_the_texts_are_what_a_dictionary_gives(name: str) -> None:
    spec = parse_spec(SPECS[name])
    assert spec.texts.canonical == written(slow(spec, shape=False))
    assert spec.texts.shape == written(slow(spec, shape=True))
    assert json.loads(spec.texts.full) == spec.full()
    assert list(json.loads(spec.texts.full)) == list(spec.full())


@pytest.mark.parametrize("name", SPECS)
def test_another_seed_is_all_that_another_seed_changes(name: str) -> None:
    spec = parse_spec(SPECS[name])
    spec.digest, spec.shape_key, spec.texts  # noqa: B018 - kept from here on
    for seed in (0, 1, 2**63 - 1):
        again = parse_spec(SPECS[name] | {"seed": seed})
        other = spec.seeded(seed)
        assert other == again
        assert (other.digest, other.shape_key, other.texts) == (again.digest, again.shape_key, again.texts)
        assert spec.full_json(seed) == again.texts.full
