"""A table over the runs of a sweep: rows and columns are fields of the specification, cells a metric over seeds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import prod
from typing import Any

import numpy as np

from ltd_core.metrics import METRICS, Metric
from services.comparison.best import best_of
from services.comparison.bootstrap import AGGREGATES, RATES, Array, Figures, intervals
from services.comparison.labels import labels_of
from services.comparison.positions import SEED, Positions, field_of, positions
from services.database.engine import Database
from services.errors import BadQuestion
from services.runs.summaries import worded
from services.sweeps import posted
from services.sweeps.metric_values import MetricValues, metric_values
from services.sweeps.posted import Grid

_USUAL = ("clipping", "batch_size")
_WHOLE = "experiment"
"""A field that all runs of a sweep have, as a side where there is no other to compare."""
_LEAST_CELLS, _MOST_CELLS = 1000, 4
"""A table may have so many cells, or so many a run where that is more."""


@dataclass(frozen=True, slots=True)
class _Summary:
    """How the runs of a cell become its figures."""

    ids: list[str]
    metric: MetricValues
    aggregate: str
    quantile: float

    def cells(self, numbers: Array, shape: tuple[int, ...]) -> Any:
        """Return the cells of a table of a shape; `numbers` [runs] says in which cell a run is."""
        order, count = np.argsort(numbers, kind="stable"), int(np.prod(shape))
        bounds = np.searchsorted(numbers[order], np.arange(count + 1))
        members = [order[first:last] for first, last in pairwise(bounds)]
        samples = [values[~np.isnan(values)] for values in (self.metric.values[runs] for runs in members)]
        figures = iter(intervals([values for values in samples if len(values)], self.aggregate, self.quantile))
        cells = np.empty(count, object)
        cells[:] = [
            self._cell(runs, len(values), next(figures) if len(values) else (None, None, None))
            for runs, values in zip(members, samples, strict=True)
        ]
        return cells.reshape(shape).tolist()

    def diverged(self, numbers: Array, count: int) -> list[int]:
        """Return of each of so many cells how many of its runs have diverged but have a value, that is no rate."""
        runs = (self.metric.runs["outcome"] == b"diverged") & ~np.isnan(self.metric.values)
        lost = np.bincount(numbers[runs], minlength=count) * (not METRICS[self.metric.metric].yes_or_no)
        return [int(cell) for cell in lost]

    def _cell(self, runs: Array, count: int, figures: Figures | tuple[None, None, None]) -> Any:
        missing = runs[np.isnan(self.metric.values[runs])] if count < len(runs) else ()
        return {
            **dict(zip(("value", "low", "high"), map(worded, figures), strict=True)),
            "n": count,
            "missing": dict(Counter(self.metric.reason(run) for run in missing)),
            "runs": [self.ids[run] for run in runs],
        }


def compare(  # noqa: PLR0913 - a question has this many parts
    db: Database,
    sweep_id: str,
    *,
    rows: str | None = None,
    columns: str | None = None,
    panels: str | None = None,
    metric: str = "success",
    aggregate: str | None = None,
    quantile: float = 0.9,
) -> dict[str, Any]:
    """Return the comparison; `panels` adds a table for each value of a third field, of the same rows and columns.

    The aggregate is the rate of a yes or no, the median of a number, where none is asked for. Raises NotFound, and
    BadQuestion naming the parameter that has no meaning.
    """
    if metric not in METRICS:
        raise BadQuestion("metric", f"must be one of: {', '.join(METRICS)}", metric)
    aggregate = _aggregate(METRICS[metric], aggregate)
    sweep = posted.grid(db, sweep_id)
    fields = _fields(sweep, rows, columns, panels)
    where = positions(db, sweep, fields)
    _check_size(where, fields)
    with db.read() as conn:
        values = metric_values(conn, sweep_id, metric)
    summary = _Summary(where.ids, values, "success_rate" if METRICS[metric].yes_or_no else aggregate, quantile)
    shape = tuple(len(values) for values in where.values)
    sides = [
        {
            "field": name,
            "values": [{"value": v, "label": label} for v, label in zip(values, labels_of(values), strict=True)],
        }
        for name, values in zip(fields, where.values, strict=True)
    ]
    numbers = where.index[0] * shape[1] + where.index[1]
    cells, tables = summary.cells(numbers, shape[:2]), None
    shown = [cells]
    if panels:
        numbers = where.index[2] * shape[0] * shape[1] + numbers
        shown = summary.cells(numbers, (shape[2], *shape[:2]))
        tables = {**sides[2], "cells": shown}
    lost = summary.diverged(numbers, int(np.prod(shape)))
    best, lacking = best_of(METRICS[metric], shown, lost, panels=bool(panels))
    return {
        "sweep": sweep_id,
        "rows": sides[0],
        "columns": sides[1],
        "metric": METRICS[metric]._asdict(),
        "aggregate": aggregate,
        "quantile": quantile if aggregate == "quantile" else None,
        "cells": cells,
        "panels": tables,
        "best": best,
        "lacking": lacking,
    }


def _aggregate(metric: Metric, asked: str | None) -> str:
    """Return the aggregate that was asked for, else the metric's own; raises BadQuestion for one without a meaning."""
    known = RATES if metric.yes_or_no else [name for name in AGGREGATES if name != "success_rate"]
    if asked is None:
        return known[0]
    if asked not in known:
        kind = "a yes or no" if metric.yes_or_no else "no yes or no, so it has no rate"
        raise BadQuestion("aggregate", f"must be one of {', '.join(known)}: {metric.name} is {kind}", asked)
    return asked


def _check_size(where: Positions, fields: tuple[str, ...]) -> None:
    """Refuse a table that is much larger than what there is to compare; raises BadQuestion."""
    count, most = prod(map(len, where.values)), max(_LEAST_CELLS, _MOST_CELLS * len(where.ids))
    if count > most:
        asked = " x ".join(f"{name} ({len(values):,})" for name, values in zip(fields, where.values, strict=True))
        raise BadQuestion("rows", f"{asked} makes {count:,} cells, these runs allow {most:,}", fields[0])


def _fields(sweep: Grid, rows: str | None, columns: str | None, panels: str | None) -> tuple[str, ...]:
    """Return the fields asked for, else the first axes; raises BadQuestion for one that no specification has."""
    specs = [sweep.spec_at(coordinates).full() for coordinates in _one_of_each(sweep)]
    usual = [name for name in _USUAL if any(_has(full, name) for full in specs)]
    axes = [name for name in (*sweep.axes, *usual) if name != SEED] + [SEED]
    first = rows or next((name for name in axes if name not in {columns, panels}), _WHOLE)
    second = columns or next((name for name in axes if name not in {first, panels}), _WHOLE)
    asked = {"rows": first, "columns": second} | ({"panels": panels} if panels else {})
    for parameter, name in asked.items():
        if name not in sweep.axes and not any(_has(full, name) for full in specs):
            raise BadQuestion(
                parameter, f"must be a field of the specification, such as {', '.join(dict.fromkeys(axes))}", name
            )
    for one, other in combinations(asked, 2):
        if asked[one] == asked[other]:
            raise BadQuestion(other, f"must be another field than {one}", asked[other])
    return tuple(asked.values())


def _one_of_each(sweep: Grid) -> list[dict[str, Any]]:
    """Return the coordinates of a cell for each value of each axis, the others at their first."""
    first = {name: values[0] for name, values in ({SEED: sweep.seeds} | sweep.axes).items()}
    return [first] + [first | {name: value} for name, values in sweep.axes.items() for value in values[1:]]


def _has(full: Any, name: str) -> bool:
    *parents, last = name.split(".")
    holder = field_of(full, ".".join(parents)) if parents else full
    return isinstance(holder, dict) and last in holder
