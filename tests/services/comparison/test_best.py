"""Which cell is best, and what keeps others from it."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.metrics import METRICS
from services.comparison.best import best_of

LOSS, SUCCESS = METRICS["final_loss"], METRICS["success"]


def cell(value: float | None, n: int = 4, low: float | None = None, high: float | None = None, **missing: int) -> Any:
    return {
        "value": value,
        "low": low,
        "high": high,
        "n": n,
        "missing": missing,
        "runs": ["x"] * (n + sum(missing.values())),
    }


def row_of_best(*cells: Any, metric: Any = LOSS, diverged: list[int] | None = None) -> int | None:
    best, _ = best_of(metric, [[[one] for one in cells]], diverged or [0] * len(cells), panels=False)
    return None if best is None else best["row"]


@pytest.mark.parametrize("reason", ["diverged", "failed", "cancelled", "running", "queued"])
def test_a_cell_that_lacks_runs_is_not_best_over_one_that_lacks_none(reason: str) -> None:
    assert row_of_best(cell(0.1, 1, **{reason: 3}), cell(0.5)) == 1
    assert row_of_best(cell(0.1, 4), cell(0.5)) == 0


def test_where_every_cell_lacks_runs_those_that_lack_least_compete() -> None:
    cells = cell(0.1, 1, diverged=3), cell(0.5, 3, running=1), cell(0.4, 3, failed=1), cell(None, 0, queued=4)
    best, lacking = best_of(LOSS, [[[one] for one in cells]], [0] * 4, panels=False)
    assert best == {"panel": None, "row": 2, "column": 0, "complete": False, "others": 1, "rivals": None, "left_out": 2}
    assert lacking == {"diverged": 3, "running": 1, "failed": 1, "queued": 4}


def test_a_diverged_run_counts_against_its_cell_though_it_has_a_value() -> None:
    assert row_of_best(cell(0.1), cell(0.5), diverged=[1, 0]) == 1
    assert best_of(LOSS, [[[cell(0.1)]]], [1], panels=False)[1] == {"diverged": 1}


def test_cells_without_runs_do_not_count() -> None:
    best, _ = best_of(LOSS, [[[cell(None, 0)], [cell(0.5)]]], [0, 0], panels=True)
    assert best is not None
    assert (best["panel"], best["row"], best["left_out"]) == (0, 1, 0)


def test_a_rate_of_nothing_is_no_best() -> None:
    assert row_of_best(cell(0.0), cell(0.0), metric=SUCCESS) is None
    assert row_of_best(cell(0.0), cell(0.25), metric=SUCCESS) == 1
    assert row_of_best(cell(0.0), cell(0.25), metric=METRICS["diverged"]) == 0
    assert row_of_best(cell(None, 0, queued=2)) is None


def test_a_metric_without_a_better_end_has_no_best() -> None:
    assert row_of_best(cell(0.1), cell(0.5), metric=METRICS["gradient_norm_max"]) is None


def test_rivals_are_those_whose_intervals_meet() -> None:
    cells = cell(0.5, low=0.4, high=0.6), cell(0.7, low=0.6, high=0.8), cell(2.0, low=1.0, high=3.0)
    best, _ = best_of(LOSS, [[[one] for one in cells]], [0] * 3, panels=False)
    assert best is not None
    assert (best["others"], best["rivals"]) == (2, 1)
