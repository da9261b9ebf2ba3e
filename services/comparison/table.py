"""A table over the runs of a sweep: rows and columns are fields of the specification, cells a metric over seeds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ltd_core.metrics import METRICS
from services.comparison.bootstrap import AGGREGATES, Array, intervals
from services.comparison.positions import SEED, field_of, positions
from services.database.engine import Database
from services.errors import BadQuestion
from services.runs.summaries import worded
from services.sweeps import posted
from services.sweeps.metric_values import MetricValues, metric_values
from services.sweeps.posted import Grid

_USUAL = ("clipping", "batch_size")


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

    def _cell(self, runs: Array, count: int, figures: tuple[float | None, float | None, float | None]) -> Any:
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
    aggregate: str = "median",
    quantile: float = 0.9,
) -> dict[str, Any]:
    """Return the comparison; `panels` adds a table for each value of a third field, of the same rows and columns.

    Raises NotFound, and BadQuestion naming the parameter that has no meaning.
    """
    if metric not in METRICS:
        raise BadQuestion("metric", f"must be one of: {', '.join(METRICS)}", metric)
    if aggregate not in AGGREGATES:
        raise BadQuestion("aggregate", f"must be one of: {', '.join(AGGREGATES)}", aggregate)
    sweep = posted.grid(db, sweep_id)
    fields = _fields(sweep, rows, columns, panels)
    where = positions(db, sweep, fields)
    with db.read() as conn:
        summary = _Summary(where.ids, metric_values(conn, sweep_id, metric), aggregate, quantile)
    shape = tuple(len(values) for values in where.values)
    sides = [
        {"field": name, "values": [{"value": value, "label": label_of(value)} for value in values]}
        for name, values in zip(fields, where.values, strict=True)
    ]
    numbers = where.index[0] * shape[1] + where.index[1]
    tables = None
    if panels:
        by_panel = where.index[2] * shape[0] * shape[1] + numbers
        tables = {**sides[2], "cells": summary.cells(by_panel, (shape[2], *shape[:2]))}
    return {
        "sweep": sweep_id,
        "rows": sides[0],
        "columns": sides[1],
        "metric": METRICS[metric]._asdict(),
        "aggregate": aggregate,
        "quantile": quantile if aggregate == "quantile" else None,
        "cells": summary.cells(numbers, shape[:2]),
        "panels": tables,
    }


def _fields(sweep: Grid, rows: str | None, columns: str | None, panels: str | None) -> tuple[str, ...]:
    """Return the fields asked for, else the first axes; raises BadQuestion for one that no specification has."""
    specs = [sweep.spec_at(coordinates).full() for coordinates in _one_of_each(sweep)]
    usual = [name for name in _USUAL if any(_has(full, name) for full in specs)]
    axes = [name for name in (*sweep.axes, *usual) if name != SEED] + [SEED]
    first = rows or next(name for name in axes if name not in {columns, panels})
    second = columns or next((name for name in axes if name not in {first, panels}), SEED)
    asked = {"rows": first, "columns": second} | ({"panels": panels} if panels else {})
    for parameter, name in asked.items():
        if name not in sweep.axes and not any(_has(full, name) for full in specs):
            raise BadQuestion(
                parameter, f"must be a field of the specification, such as {', '.join(dict.fromkeys(axes))}", name
            )
    return tuple(asked.values())


def _one_of_each(sweep: Grid) -> list[dict[str, Any]]:
    """Return the coordinates of a cell for each value of each axis, the others at their first."""
    first = {name: values[0] for name, values in ({SEED: sweep.seeds} | sweep.axes).items()}
    return [first] + [first | {name: value} for name, values in sweep.axes.items() for value in values[1:]]


def _has(full: Any, name: str) -> bool:
    *parents, last = name.split(".")
    holder = field_of(full, ".".join(parents)) if parents else full
    return isinstance(holder, dict) and last in holder


def label_of(value: Any) -> str:
    """Return a value of an axis in short, such as "norm 1"."""
    if isinstance(value, dict):
        return " ".join([str(value.get("kind", ""))] + [label_of(v) for k, v in value.items() if k != "kind"]).strip()
    if isinstance(value, list):
        return "-".join(label_of(v) for v in value)
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
