"""The comparison against numpy over runs whose summaries are made by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from services.comparison.table import compare
from services.errors import BadQuestion, NotFound
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.services.lab import claim, progress

if TYPE_CHECKING:
    from services.database.engine import Database

SEEDS = 5


@pytest.fixture
def sweep(db: Database) -> str:
    """Thresholds x batch sizes x seeds; final_loss = threshold * batch size + seed. Seed 4 diverged at threshold 3."""
    asked = {
        "name": "x",
        "base": {"problem": {"kind": "temporal_order", "length": 20}, "clipping": {"kind": "norm"}, "updates": 10},
        "axes": {"clipping.threshold": [3.0, 1.0], "batch_size": [5, 20]},
        "seeds": list(range(SEEDS)),
    }
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    while taken := claim(db, 100):
        lifecycle.record(db, [(mine.lease, end(mine.spec.full())) for mine in taken])
    return sweep_id


def end(full: dict[str, Any]) -> Any:
    threshold, batch_size, seed = full["clipping"]["threshold"], full["batch_size"], full["seed"]
    if (threshold, seed) == (3.0, 4):
        return progress(7, outcome="diverged", final_loss=None, success=0)
    return progress(10, outcome="exhausted", final_loss=threshold * batch_size + seed, success=int(seed % 2))


@pytest.mark.parametrize("aggregate", ["median", "mean", "min", "max"])
def test_cells_are_numpys_aggregates(db: Database, sweep: str, aggregate: str) -> None:
    table = compare(db, sweep, metric="final_loss", aggregate=aggregate)
    assert (table["rows"]["field"], table["columns"]["field"]) == ("clipping.threshold", "batch_size")
    assert [entry["value"] for entry in table["rows"]["values"]] == [1.0, 3.0]
    assert [entry["value"] for entry in table["columns"]["values"]] == [5, 20]
    for i, threshold in enumerate((1.0, 3.0)):
        for j, batch_size in enumerate((5, 20)):
            cell = table["cells"][i][j]
            seeds = range(4 if threshold == 3.0 else 5)
            values = [threshold * batch_size + seed for seed in seeds]
            assert cell["value"] == pytest.approx(getattr(np, aggregate)(values))
            assert cell["low"] <= cell["value"] <= cell["high"]
            assert (cell["n"], len(cell["runs"])) == (len(values), SEEDS)
            assert cell["missing"] == ({"diverged": 1} if threshold == 3.0 else {})


def test_success_is_counted_over_all_runs_that_ended(db: Database, sweep: str) -> None:
    table = compare(db, sweep, metric="success", aggregate="success_rate")
    assert [[cell["value"] for cell in row] for row in table["cells"]] == [[0.4, 0.4], [0.4, 0.4]]


def test_any_field_may_be_a_row(db: Database, sweep: str) -> None:
    table = compare(db, sweep, rows="seed", columns="clipping.kind", metric="final_loss", aggregate="max")
    assert [entry["value"] for entry in table["rows"]["values"]] == list(range(SEEDS))
    assert [entry["value"] for entry in table["columns"]["values"]] == ["norm"]
    assert [row[0]["value"] for row in table["cells"]] == [60.0, 61.0, 62.0, 63.0, 24.0]


def test_runs_that_have_not_ended_are_missing_not_zero(db: Database, sweep: str) -> None:
    asked = posted.get(db, sweep)
    more = parse_request({"name": "y", "base": asked.base, "axes": asked.axes, "seeds": [0, 99]})
    table = compare(db, posted.post(db, more).sweep_id, metric="final_loss")
    assert {(cell["n"], cell["missing"]["queued"]) for row in table["cells"] for cell in row} == {(1, 1)}


def test_questions_without_an_answer(db: Database, sweep: str) -> None:
    for parameter, value in (("metric", "beauty"), ("aggregate", "best"), ("rows", "clipping.other"), ("columns", "x")):
        with pytest.raises(BadQuestion) as caught:
            compare(db, sweep, **{parameter: value})
        assert caught.value.field == parameter
    with pytest.raises(NotFound):
        compare(db, "0" * 32)


def test_panels_are_tables_of_the_same_rows_and_columns(db: Database, sweep: str) -> None:
    table = compare(
        db, sweep, rows="batch_size", columns="seed", panels="clipping.threshold", metric="final_loss", aggregate="max"
    )
    panels = table["panels"]
    assert (panels["field"], [entry["value"] for entry in panels["values"]]) == ("clipping.threshold", [1.0, 3.0])
    for threshold, cells in zip((1.0, 3.0), panels["cells"], strict=True):
        for batch_size, line in zip((5, 20), cells, strict=True):
            for seed, cell in enumerate(line):
                known = (threshold, seed) != (3.0, 4)
                assert cell["value"] == (threshold * batch_size + seed if known else None)
                assert cell["missing"] == ({} if known else {"diverged": 1})
    assert [[cell["n"] for cell in line] for line in table["cells"]] == [[2, 2, 2, 2, 1]] * 2
    assert compare(db, sweep, metric="final_loss")["panels"] is None


def test_a_quantile_over_seeds_is_numpys(db: Database, sweep: str) -> None:
    table = compare(db, sweep, metric="final_loss", aggregate="quantile", quantile=0.25)
    assert table["quantile"] == 0.25
    assert table["cells"][0][0]["value"] == pytest.approx(np.quantile([5.0, 6.0, 7.0, 8.0, 9.0], 0.25))


def test_a_sweep_of_one_axis_without_training_is_compared_with_its_seeds(db: Database) -> None:
    asked = {
        "name": "y",
        "base": {"experiment": "weight_product", "samples": 10, "depth": 5},
        "axes": {"variance": [1.0, 2.0]},
        "seeds": [0, 1],
    }
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    while taken := claim(db, 100):
        lifecycle.record(db, [(mine.lease, progress(5, outcome="exhausted", growth_rate=0.5)) for mine in taken])
    table = compare(db, sweep_id, metric="growth_rate")
    assert (table["rows"]["field"], table["columns"]["field"]) == ("variance", "seed")
    assert [[cell["value"] for cell in line] for line in table["cells"]] == [[0.5, 0.5], [0.5, 0.5]]


def test_a_field_that_only_some_rules_have_is_a_column_all_the_same(db: Database) -> None:
    asked = {
        "name": "z",
        "base": {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10},
        "axes": {"clipping": [{"kind": "none"}, {"kind": "value", "threshold": 3}, {"kind": "norm", "threshold": 1}]},
        "seeds": [0, 1],
    }
    table = compare(
        db, posted.post(db, parse_request(asked)).sweep_id, rows="clipping.threshold", columns="clipping.kind"
    )
    assert [entry["label"] for entry in table["rows"]["values"]] == ["none", "1", "3"]
    counts = {
        (row["value"], column["value"]): len(cell["runs"])
        for row, line in zip(table["rows"]["values"], table["cells"], strict=True)
        for column, cell in zip(table["columns"]["values"], line, strict=True)
    }
    assert {at for at, runs in counts.items() if runs == 2} == {(None, "none"), (3, "value"), (1, "norm")}
    assert sum(counts.values()) == 6


def test_exactly_zero_is_compared_listed_and_told_like_any_value(db: Database) -> None:
    """-inf, the logarithm of zero: no mean, median or list is one of survivors."""
    asked = {
        "name": "zeros",
        "base": {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10},
        "axes": {"batch_size": [5, 20]},
        "seeds": [0, 1, 2],
    }
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    while taken := claim(db, 100):
        for mine in taken:
            full = mine.spec.full()
            zero = full["batch_size"] == 5 and full["seed"] > 0
            made = progress(10, outcome="exhausted", delta_slope=-math.inf if zero else -float(full["seed"] + 1))
            lifecycle.record(db, [(mine.lease, made)])
    for aggregate, expected in (("median", ["-Infinity", -2.0]), ("mean", ["-Infinity", -2.0]), ("max", [-1.0, -1.0])):
        table = compare(db, sweep_id, rows="clipping", columns="batch_size", metric="delta_slope", aggregate=aggregate)
        (cells,) = table["cells"]
        assert [cell["value"] for cell in cells] == expected
        assert [(cell["n"], cell["missing"]) for cell in cells] == [(3, {})] * 2
    page = list_runs(db, ListQuestion(sort="delta_slope"), limit=1)
    slopes = [run.summary["delta_slope"] for run in page.runs]
    while page.next:
        page = list_runs(db, ListQuestion(sort="delta_slope"), page.next, 1)
        slopes += [run.summary["delta_slope"] for run in page.runs]
    assert slopes == [-math.inf, -math.inf, -3.0, -2.0, -1.0, -1.0]
