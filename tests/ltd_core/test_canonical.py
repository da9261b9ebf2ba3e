"""What of some settings is written, and what of them runs of one pack share."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.canonical import canonical_json, shared_by_lanes, without_defaults
from ltd_core.catalog import FAMILIES
from ltd_core.errors import ReservedName
from ltd_core.experiments import EXPERIMENTS, RunSpec
from ltd_core.spec import parse_spec

TRAINING: dict[str, Any] = {"problem": {"kind": "adding", "length": [11, 31]}, "optimizer": {"kind": "sgd", "lr": 0.5}}
CELL = {"kind": "rnn", "delays": [1, 4], "time_scale": {"kind": "constant", "alpha": 0.25}}
PILOT = {"kind": "norm", "threshold": {"quantile": 0.5}}
SPECS: dict[str, dict[str, Any]] = {
    **{f"experiment-{kind}": entry.example() for kind, entry in EXPERIMENTS.items()},
    **{
        f"{family}-{kind}": TRAINING | {family: entry.example()}
        for family, entries in FAMILIES.items()
        for kind, entry in entries.items()
        if family in EXPERIMENTS["training"].model_fields and (family, kind) != ("regularizer", "omega")
    },
    "nested": TRAINING | {"cell": CELL, "seed": 7, "clipping": PILOT},
    "list": {"experiment": "linear_recurrence", "hidden_size": 2, "matrix": [[0, 1], [0.5, 0]], "seed": 3},
}


def test_settings_without_defaults_are_what_was_chosen_and_every_name() -> None:
    assert without_defaults(parse_spec(SPECS["nested"])) == {
        "experiment": "training",
        "problem": {"kind": "adding", "length": (11, 31)},
        "cell": {"kind": "rnn", "delays": (1, 4), "time_scale": {"kind": "constant", "alpha": 0.25}},
        "clipping": PILOT,
        "optimizer": {"kind": "sgd", "lr": 0.5},
        "seed": 7,
    }


def test_runs_of_one_pack_share_what_no_lane_may_change() -> None:
    shared = shared_by_lanes(parse_spec(SPECS["nested"]))
    assert not {"seed", "updates"} & set(shared)
    assert shared["clipping"] == {}, "the rule and its threshold may differ"
    assert shared["cell"] == {"kind": "rnn", "delays": (1, 4), "time_scale": {"kind": "constant"}}
    assert shared["optimizer"] == {"kind": "sgd"}
    assert shared["regularizer"] == {"kind": "none"}, "named, though it is the default"
    clockwork = {"kind": "groups", "sizes": [1, 2]}
    assert canonical_json({"b": (1, 2), "a": clockwork}) == '{"a":{"kind":"groups","sizes":[1,2]},"b":[1,2]}'


@pytest.mark.parametrize("name", SPECS)
def test_another_seed_is_all_that_another_seed_changes(name: str) -> None:
    spec = parse_spec(SPECS[name])
    spec.digest, spec.shape_key  # noqa: B018 - kept from here on
    for seed in (0, 1, 2**63 - 1):
        again = parse_spec(SPECS[name] | {"seed": seed})
        other = spec.seeded(seed)
        assert other == again
        assert (other.digest, other.shape_key, other.settings) == (again.digest, again.shape_key, again.settings)
        assert other.canonical_json() == again.canonical_json()


@pytest.mark.filterwarnings("ignore:Field name")
@pytest.mark.parametrize("name", ["steps", "digest", "settings", "traces", "summary", "operations"])
def test_a_setting_does_not_hide_what_the_base_computes(name: str) -> None:
    """A field `steps` passed validation, and its runs could not be stored."""
    with pytest.raises(ReservedName, match=f"Hiding.{name}: RunSpec has a {name} already"):
        type("Hiding", (RunSpec,), {"__annotations__": {name: int}, name: 3, "__module__": __name__})
