"""Paired differences against figures by hand, and the permutation test against every choice of signs."""

from __future__ import annotations

import math
import tracemalloc
from itertools import product
from typing import Any

import numpy as np
import orjson
import pytest
from scipy.special import ndtr

from services.comparison import pairs
from services.comparison.pairs import _ends, compare_pairs, sign_flips
from services.database.engine import Database
from services.database.rows import insert_rows
from services.errors import BadQuestion, NotFound
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.services.lab import claim, progress

SEEDS = 6


def alone(differences: Any) -> float:
    """Return the p of one pair."""
    return float(sign_flips(np.asarray(differences)[:, None])[0])


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
    norm, value = "norm threshold 1", "value threshold 1"
    assert labels == [("none", norm), ("none", value), (norm, value)]
    against_none, _, same = found["pairs"]
    differences = [-1.0 - seed / 10 for batch in (5, 20) for seed in range(SEEDS) if (batch, seed) != (5, 0)]
    assert (against_none["n"], against_none["without_pair"]) == (len(differences), 1)
    assert against_none["median"] == pytest.approx(np.median(differences))
    assert against_none["low"] <= against_none["median"] <= against_none["high"] < 0
    assert against_none["p"] == pytest.approx(2 / 2**SEEDS), "a seed changes its sign in all its cells at once"
    assert (against_none["units"], found["permuted"]) == (SEEDS, "the signs of all differences of a seed together")
    assert (same["n"], same["median"], same["p"]) == (2 * SEEDS, 0.0, 1.0)


def test_one_seed_in_many_cells_is_one_difference(db: Database) -> None:
    """Six cells of one seed, each a little lower: they are told as six differences, but chance cannot be excluded."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    axes = {"clipping": [{"kind": "none"}, {"kind": "norm"}], "batch_size": [1, 2, 3, 4, 5, 6]}
    sweep_id = posted.post(db, parse_request({"name": "x", "base": base, "axes": axes, "seeds": [5]})).sweep_id
    while taken := claim(db, 100):
        for one in taken:
            loss = 1.0 - (one.spec.full()["clipping"]["kind"] == "norm") * one.spec.full()["batch_size"] / 100
            lifecycle.record(db, [(one.lease, progress(10, outcome="exhausted", final_loss=loss))])
    (pair,) = compare_pairs(db, sweep_id)["pairs"]
    assert (pair["n"], pair["units"], pair["p"], pair["low"], pair["high"]) == (6, 1, 1.0, None, None)
    assert pair["median"] == pytest.approx(-0.035)


def test_the_interval_resamples_seeds(db: Database, sweep: str) -> None:
    """Against resamples of the six seeds, each with its differences at both batch sizes, drawn in the open."""
    pair = compare_pairs(db, sweep, metric="final_loss")["pairs"][0]
    by_seed = [[-1.0]] + [[-1.0 - seed / 10] * 2 for seed in range(1, SEEDS)]
    generator = np.random.default_rng(3)
    drawn = [np.median([d for s in generator.integers(0, SEEDS, SEEDS) for d in by_seed[s]]) for _ in range(4000)]
    for found, around in ((pair["low"], (1.2, 4.5)), (pair["high"], (95.5, 98.8))):
        least, most = np.percentile(drawn, around)
        assert least - 1e-9 <= found <= most + 1e-9


def test_another_axis_may_be_asked_for(db: Database, sweep: str) -> None:
    (pair,) = compare_pairs(db, sweep, field="batch_size", metric="final_loss")["pairs"]
    assert (pair["first"]["value"], pair["second"]["value"], pair["median"]) == (5, 20, 15.0)


@pytest.mark.parametrize(("asked", "field"), [({"field": "nope"}, "field"), ({"metric": "nope"}, "metric")])
def test_a_question_without_a_meaning(db: Database, sweep: str, asked: dict[str, str], field: str) -> None:
    with pytest.raises(BadQuestion, match=field):
        compare_pairs(db, sweep, **asked)
    with pytest.raises(NotFound):
        compare_pairs(db, "0" * 32)


def test_the_signs_of_a_seed_change_together_in_all_its_cells(db: Database) -> None:
    """Seeds and batch sizes are not in the order of their size."""
    seeds, sizes = [5, 9, 1, 7, 3, 8, 2], [20, 5]
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    axes = {"clipping": [{"kind": "none"}, {"kind": "norm"}], "batch_size": sizes}
    sweep_id = posted.post(db, parse_request({"name": "x", "base": base, "axes": axes, "seeds": seeds})).sweep_id
    draw = np.random.default_rng(0)
    losses = {(kind, b, s): float(draw.normal()) for kind in ("none", "norm") for b in sizes for s in seeds}
    while taken := claim(db, 100):
        for one in taken:
            full = one.spec.full()
            loss = losses[full["clipping"]["kind"], full["batch_size"], full["seed"]]
            lifecycle.record(db, [(one.lease, progress(10, outcome="exhausted", final_loss=loss))])
    together = np.array([sum(losses["norm", b, s] - losses["none", b, s] for b in sizes) for s in seeds])
    (pair,) = compare_pairs(db, sweep_id)["pairs"]
    assert (pair["n"], pair["units"], pair["p"]) == (14, 7, alone(together))


@pytest.mark.parametrize(("zeros", "told"), [(3, "-Infinity"), (2, "-Infinity"), (0, -1.0)])
def test_a_difference_from_exactly_zero_is_infinite(db: Database, zeros: int, told: float | str) -> None:
    """-inf is the logarithm of zero; two of them, as of the last seed, do not differ: 5 % of resamples have 3 of it."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    asked = {"name": "x", "base": base, "axes": {"batch_size": [5, 20]}, "seeds": [0, 1, 2, 3]}
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    while taken := claim(db, 100):
        for one in taken:
            full = one.spec.full()
            small, seed = full["batch_size"] == 5, full["seed"]
            slope = -math.inf if seed == 3 or (not small and seed < zeros) else -1.0 - (not small)
            lifecycle.record(db, [(one.lease, progress(10, outcome="exhausted", delta_slope=slope))])
    (pair,) = compare_pairs(db, sweep_id, metric="delta_slope")["pairs"]
    assert (pair["n"], pair["units"]) == (4, 4)
    assert [pair[name] for name in ("low", "median", "high")] == [told, told, 0.0]
    assert 0 < pair["p"] <= 1


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
    found = compare_pairs(db, sweep_id)
    (pair,) = found["pairs"]
    assert (pair["first"]["value"], pair["second"]["value"], pair["n"], pair["median"]) == (3, 1, 1, -2.0)
    assert found["permuted"] == "the sign of each difference"


def test_the_test_counts_every_choice_of_signs() -> None:
    values = np.random.default_rng(1).normal(0.4, 1.0, 9)
    sums = [abs(np.dot(signs, values)) for signs in product((-1, 1), repeat=9)]
    assert alone(values) == pytest.approx(np.mean(np.array(sums) >= abs(values.sum()) - 1e-12))


def test_many_differences_are_tested_by_a_seeded_sample() -> None:
    generator = np.random.default_rng(2)
    away, none = generator.normal(1.0, 1.0, 60), generator.normal(0.0, 1.0, 60)
    assert alone(away) == alone(away) < 0.001
    assert alone(none) > 0.02


def test_pairs_are_tested_together_as_each_alone() -> None:
    """A unit that one of them lacks is 0 there, and the sample of signs is the same."""
    several = np.random.default_rng(4).normal(0.1, 1.0, (40, 5))
    several[::3, 2] = 0.0
    assert sign_flips(several).tolist() == [alone(column) for column in several.T]
    assert alone(np.append(several[:9, 0], np.zeros(3))) == alone(several[:9, 0])


def test_the_sample_is_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty thousand choices of 2,000 signs at once are 960 MB; the whole of them is as good as any part."""
    values = np.random.default_rng(3).normal(0.03, 1.0, 2000)
    tracemalloc.start()
    whole = alone(values)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40e6
    assert whole == pytest.approx(2 * ndtr(-abs(values.sum()) / np.sqrt((values**2).sum())), abs=0.01)
    monkeypatch.setattr(pairs, "_AT_ONCE", 2000 * 7)
    assert alone(values) == whole


def test_a_sample_of_very_many_signs_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "_MOST_SIGNS", 60_000)
    away = np.random.default_rng(2).normal(3.0, 1.0, 60)
    assert alone(away) == 1 / 1001
    monkeypatch.setattr(pairs, "_MOST_SIGNS", 600_000)
    assert alone(away) == 1 / 10_001


@pytest.mark.parametrize("units", [101, 400])
def test_the_interval_of_many_units_is_that_of_resamples(monkeypatch: pytest.MonkeyPatch, units: int) -> None:
    """Units of one to three differences that are alike: within a few ranks of what resamples say."""
    generator = np.random.default_rng(units)
    unit = np.repeat(np.arange(units), generator.integers(1, 4, units))
    values = generator.normal(size=units)[unit] + 0.3 * generator.normal(size=len(unit))
    known = _ends(values, unit, units)
    monkeypatch.setattr(pairs, "_FEW", units)
    drawn = _ends(values, unit, units)
    ranks = [np.searchsorted(np.sort(values), end) for end in (*known, *drawn)]
    assert ranks[0] < len(values) / 2 < ranks[1]
    assert np.abs(np.subtract(ranks[:2], ranks[2:])).max() <= 0.01 * len(values)
    assert _ends(values[::-1], unit[::-1], units) == drawn


@pytest.mark.parametrize(
    ("axis", "values", "told"),
    [
        ("batch_size", list(range(1, 101)), "4,950 pairs, at most 1,000"),
        (
            "cell",
            [{"kind": "rnn", "hidden_size": 1, "delays": [1]} | {" " * 200_000: size} for size in range(8)],
            "long",
        ),
    ],
)
def test_too_many_pairs_are_refused(db: Database, axis: str, values: list[Any], told: str) -> None:
    with pytest.raises(BadQuestion, match=told):
        compare_pairs(db, stored(db, {axis: values}))


def stored(db: Database, axes: dict[str, Any]) -> str:
    """Store the row of a sweep without runs."""
    row = {"id": "a" * 32, "name": "x", "base": "{}", "seeds": "[0]", "created_at": 1.0, "runs": 1}
    with db.write() as conn:
        insert_rows(conn, posted.SWEEPS, [row | {"axes": orjson.dumps(axes).decode()}])
    return "a" * 32
