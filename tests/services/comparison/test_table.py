"""The comparison against numpy over runs whose summaries are made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from services.comparison.table import compare
from services.database.engine import Database
from services.errors import BadQuestion, NotFound
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.services.lab import claim, progress

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
            if aggregate in {"min", "max"}:
                assert cell["low"] is cell["high"] is None
            else:
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


@pytest.mark.parametrize("metric", ["success", "diverged"])
def test_a_yes_or_no_is_a_rate(db: Database, sweep: str, metric: str) -> None:
    table = compare(db, sweep, metric=metric)
    assert table["aggregate"] == "success_rate"
    mean = compare(db, sweep, metric=metric, aggregate="mean")
    assert table["cells"] == mean["cells"], "with one interval"
    if metric == "success":
        assert table["cells"][0][0]["low"] == pytest.approx(0.1176, abs=1e-4), "Wilson's, of 2 of 5"
    for aggregate in ("median", "min", "max", "quantile"):
        with pytest.raises(BadQuestion) as caught:
            compare(db, sweep, metric=metric, aggregate=aggregate)
        assert caught.value.field == "aggregate"


def test_what_is_no_yes_or_no_has_no_rate(db: Database, sweep: str) -> None:
    assert compare(db, sweep, metric="final_loss")["aggregate"] == "median"
    for metric in ("final_loss", "evaluation_error", "updates_to_success"):
        with pytest.raises(BadQuestion) as caught:
            compare(db, sweep, metric=metric, aggregate="success_rate")
        assert caught.value.field == "aggregate"


def test_no_cell_is_best_among_its_survivors(db: Database) -> None:
    """At the largest threshold one of five runs is left, with the lowest loss: the best is one that lacks none."""
    asked = {
        "name": "x",
        "base": {"problem": {"kind": "temporal_order", "length": 20}, "clipping": {"kind": "norm"}, "updates": 10},
        "axes": {"clipping.threshold": [1.0, 2.0, 3.0]},
        "seeds": list(range(SEEDS)),
    }
    sweep_id = posted.post(db, parse_request(asked)).sweep_id
    for one in claim(db, 100):
        full = one.spec.full()
        threshold, lost = full["clipping"]["threshold"], full["clipping"]["threshold"] == 3.0 and full["seed"]
        reached = {
            "final_loss": None if lost else 1.0 / threshold,
            "best_loss": 1.0 / threshold,
            "success": 0,
            "diverged": bool(lost),
        }
        told = progress(7 if lost else 10, outcome="diverged" if lost else "exhausted", **reached)
        lifecycle.record(db, [(one.lease, told)])
    for metric, value in (("final_loss", 0.5), ("best_loss", 0.5)):
        table = compare(db, sweep_id, metric=metric)
        best = table["best"]
        assert table["cells"][best["row"]][best["column"]]["value"] == value
        assert (best["row"], best["complete"], best["others"], best["left_out"]) == (1, True, 1, 1)
        assert table["lacking"] == {"diverged": 4}
    rates = compare(db, sweep_id, metric="diverged")
    assert (rates["lacking"], rates["best"]["row"], rates["best"]["rivals"]) == ({}, 0, 2)
    assert compare(db, sweep_id, metric="success")["best"] is None, "where no run has succeeded there is none"
    assert compare(db, sweep_id, metric="gradient_norm_max")["best"] is None
    panels = compare(db, sweep_id, metric="final_loss", rows="seed", columns="batch_size", panels="clipping.threshold")
    assert (panels["best"]["panel"], panels["best"]["left_out"]) == (2, 4), "the cell of the seed that is left"


def test_runs_that_were_cancelled_or_go_on_are_no_failures(db: Database) -> None:
    """Four runs with a success of 0 on their way: two go on, two were cancelled there."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    sweep_id = posted.post(db, parse_request({"name": "x", "base": base, "seeds": list(range(4))})).sweep_id
    for number, one in enumerate(claim(db, 4)):
        lifecycle.record(db, [(one.lease, progress(5, success=0))])
        if number < 2:
            lifecycle.finish_cancel(db, one.lease)
    table = compare(db, sweep_id, rows="batch_size", columns="problem.length")
    ((cell,),) = table["cells"]
    assert (cell["value"], cell["n"], cell["missing"]) == (None, 0, {"cancelled": 2, "running": 2})
    assert table["lacking"] == cell["missing"]
    assert table["best"] is None


def test_values_that_are_near_are_told_apart(db: Database) -> None:
    rates = [0.1234567, 0.12345671, 0.1234568]
    asked = {
        "name": "x",
        "base": {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10},
        "axes": {"optimizer.lr": rates},
    }
    rows = compare(db, posted.post(db, parse_request(asked)).sweep_id, rows="optimizer.lr")["rows"]["values"]
    assert [row["label"] for row in rows] == ["0.1234567", "0.12345671", "0.1234568"]
    assert [row["value"] for row in rows] == rates


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


@pytest.mark.parametrize(
    ("sides", "named"),
    [
        ({"rows": "seed", "columns": "seed"}, "columns"),
        ({"columns": "batch_size", "panels": "batch_size"}, "panels"),
        ({"rows": "clipping.threshold", "panels": "clipping.threshold"}, "panels"),
    ],
)
def test_a_field_on_two_sides_is_refused(db: Database, sweep: str, sides: dict[str, str], named: str) -> None:
    with pytest.raises(BadQuestion, match=f"{named}: must be another field"):
        compare(db, sweep, **sides)  # type: ignore[arg-type]


@pytest.mark.parametrize("sides", [{}, {"columns": "seed"}, {"rows": "seed"}])
def test_a_sweep_of_seeds_alone_has_a_cell_a_seed(db: Database, sides: dict[str, str]) -> None:
    base = {"experiment": "weight_product", "samples": 10, "depth": 5}
    sweep_id = posted.post(db, parse_request({"base": base, "seeds": list(range(1500))})).sweep_id
    table = compare(db, sweep_id, metric="growth_rate", **sides)  # type: ignore[arg-type]
    assert {table["rows"]["field"], table["columns"]["field"]} == {"seed", "experiment"}
    assert sum(len(line) for line in table["cells"]) == 1500


def test_a_table_that_outgrows_the_runs_is_refused(db: Database) -> None:
    """500 rules, whose thresholds are as many: 250,000 cells of 500 runs."""
    base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 10}
    rules = [{"kind": "norm", "threshold": number} for number in range(1, 501)]
    sweep_id = posted.post(db, parse_request({"base": base, "axes": {"clipping": rules}})).sweep_id
    with pytest.raises(BadQuestion, match="250,000 cells, these runs allow 2,000"):
        compare(db, sweep_id, rows="clipping", columns="clipping.threshold")


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
