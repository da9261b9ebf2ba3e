"""Paired differences against figures by hand, and the permutation test against every choice of signs."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from services.comparison.pairs import compare_pairs, sign_flips
from services.errors import BadQuestion, NotFound
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.services.lab import claim, progress

if TYPE_CHECKING:
    from services.database.engine import Database

SEEDS = 6


@pytest.fixture
def sweep(db: Database) -> str:
    """Three rules x two batch sizes x seeds; norm is 1 + seed / 10 below none, value equals norm; one run diverged."""
    asked = {
        "name": "x",
        "base": {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10},
        "axes": {
            "clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 1.0}, {"kind": "value", "threshold": 1.0}],
            "batch_size": [5, 20],
        },
        "seeds": list(range(SEEDS)),
    }
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    while taken := claim(db, 100):
        lifecycle.record(db, [(mine.lease, end(mine.spec.full())) for mine in taken])
    return sweep_id


def end(full: dict[str, Any]) -> Any:
    kind, batch_size, seed = full["clipping"]["kind"], full["batch_size"], full["seed"]
    if (kind, batch_size, seed) == ("none", 5, 0):
        return progress(7, outcome="diverged", final_loss=None, success=0)
    loss = batch_size + seed + (0.0 if kind == "none" else -1.0 - seed / 10)
    return progress(10, outcome="exhausted", final_loss=loss, success=1)


def test_differences_are_those_on_the_same_seeds(db: Database, sweep: str) -> None:
    found = compare_pairs(db, sweep, metric="final_loss")
    assert found["field"] == "clipping"
    labels = [(pair["first"]["label"], pair["second"]["label"]) for pair in found["pairs"]]
    assert labels == [("none", "norm 1"), ("none", "value 1"), ("norm 1", "value 1")]
    against_none, _, same = found["pairs"]
    differences = [-1.0 - seed / 10 for batch in (5, 20) for seed in range(SEEDS) if (batch, seed) != (5, 0)]
    assert (against_none["n"], against_none["without_pair"]) == (len(differences), 1)
    assert against_none["median"] == pytest.approx(np.median(differences))
    assert against_none["low"] <= against_none["median"] <= against_none["high"] < 0
    assert against_none["p"] == pytest.approx(2 / 2 ** len(differences))
    assert (same["n"], same["median"], same["p"]) == (2 * SEEDS, 0.0, 1.0)


def test_another_axis_may_be_asked_for(db: Database, sweep: str) -> None:
    (pair,) = compare_pairs(db, sweep, field="batch_size", metric="final_loss")["pairs"]
    assert (pair["first"]["value"], pair["second"]["value"], pair["median"]) == (5, 20, 15.0)


@pytest.mark.parametrize(("asked", "field"), [({"field": "nope"}, "field"), ({"metric": "nope"}, "metric")])
def test_a_question_without_a_meaning(db: Database, sweep: str, asked: dict[str, str], field: str) -> None:
    with pytest.raises(BadQuestion, match=field):
        compare_pairs(db, sweep, **asked)
    with pytest.raises(NotFound):
        compare_pairs(db, "0" * 32)


def test_a_value_that_no_run_has_pairs_with_none(db: Database) -> None:
    """20.0 is 20: the second value of the axis has no runs of its own."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = {"name": "x", "base": base, "axes": {"batch_size": [20, 20.0]}, "seeds": [0, 1]}
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    for metric_known in (False, True):
        (pair,) = compare_pairs(db, sweep_id)["pairs"]
        assert (pair["n"], pair["without_pair"], pair["median"], pair["p"]) == (0, 2 * metric_known, None, None)
        lifecycle.record(db, [(one.lease, progress(10, outcome="exhausted", final_loss=1.0)) for one in claim(db, 2)])


def test_the_seeds_may_be_an_axis(db: Database) -> None:
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = {"name": "x", "base": base, "axes": {"seed": [3, 1]}}
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    ends = [(one.lease, progress(10, outcome="exhausted", final_loss=one.spec.seed)) for one in claim(db, 2)]
    lifecycle.record(db, ends)
    (pair,) = compare_pairs(db, sweep_id)["pairs"]
    assert (pair["first"]["value"], pair["second"]["value"], pair["n"], pair["median"]) == (3, 1, 1, -2.0)


def test_the_test_counts_every_choice_of_signs() -> None:
    values = np.random.default_rng(1).normal(0.4, 1.0, 9)
    sums = [abs(np.dot(signs, values)) for signs in product((-1, 1), repeat=9)]
    assert sign_flips(values) == pytest.approx(np.mean(np.array(sums) >= abs(values.sum()) - 1e-12))


def test_many_differences_are_tested_by_a_seeded_sample() -> None:
    generator = np.random.default_rng(2)
    away, none = generator.normal(1.0, 1.0, 60), generator.normal(0.0, 1.0, 60)
    assert sign_flips(away) == sign_flips(away) < 0.001
    assert sign_flips(none) > 0.02
