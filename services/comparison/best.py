"""The best cell of a comparison, and what keeps others from being it: worked out here for page, report and client.

A value over the runs that are left says nothing of those that are not. So only the cells compete that lack the smallest
share of their runs: all that lack none, where there is one. A run is lacking that has no value, or that has diverged,
however low its loss was before; but not of a yes or no, which counts a diverged run itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from ltd_core.metrics import Metric

Cell = dict[str, Any]


class _Placed(NamedTuple):
    """A cell that has runs: its place, and the share of them that is lacking."""

    place: dict[str, int | None]
    cell: Cell
    lacking: float


def best_of(
    metric: Metric, tables: list[list[list[Cell]]], diverged: list[int], *, panels: bool
) -> tuple[dict[str, Any] | None, dict[str, int]]:
    """Return the best cell of some tables and how many runs are lacking in all, by reason.

    `diverged` counts, for each cell in order, the runs that have diverged but have a value. None is the best where
    the metric has no better end, or no run has succeeded.
    """
    placed, lacking = [], Counter[str]()
    for (place, cell), lost in zip(_places(tables, panels=panels), diverged, strict=True):
        lacking.update(cell["missing"])
        lacking["diverged"] += lost
        if runs := len(cell["runs"]):
            placed.append(_Placed(place, cell, (runs - cell["n"] + lost) / runs))
    return _best(metric, placed) if metric.better else None, dict(+lacking)


def _places(tables: list[list[list[Cell]]], *, panels: bool) -> Iterator[tuple[dict[str, int | None], Cell]]:
    for k, table in enumerate(tables):
        for i, line in enumerate(table):
            for j, cell in enumerate(line):
                yield {"panel": k if panels else None, "row": i, "column": j}, cell


def _best(metric: Metric, placed: list[_Placed]) -> dict[str, Any] | None:
    """Return the best; the first of equals."""
    known = [one for one in placed if one.cell["n"]]
    least = min((one.lacking for one in known), default=0.0)
    competing = [one for one in known if one.lacking == least]
    sign = 1 if metric.better == "higher" else -1
    best = max(competing, key=lambda one: sign * float(one.cell["value"]), default=None)
    if best is None or (metric.yes_or_no and sign > 0 and best.cell["value"] == 0):
        return None
    return best.place | {
        "complete": best.lacking == 0,
        "others": len(competing) - 1,
        "rivals": _rivals(best.cell, [one.cell for one in competing if one is not best]),
        "left_out": len(placed) - len(competing),
    }


def _rivals(best: Cell, others: list[Cell]) -> int | None:
    """Return how many others have an interval that meets the best one's; None where there are no intervals."""
    if best["low"] is None or any(other["low"] is None for other in others):
        return None
    return len([one for one in others if one["low"] <= best["high"] and one["high"] >= best["low"]])
