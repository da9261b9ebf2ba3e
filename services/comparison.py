"""One table over a sweep: rows and columns are fields of the specification, cells a metric over seeds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from ltd_core.metrics import METRICS
from ltd_core.spec import parse_spec
from services import sweeps
from services.bootstrap import AGGREGATES, interval
from services.errors import BadQuestion
from services.models import Run, SweepRun, table

if TYPE_CHECKING:
    from services.db import Database
    from services.sweeps import SweepView

RUNS, MEMBERS = table(Run), table(SweepRun)
_SEEDS = "seed"


@dataclass(slots=True)
class _Cell:
    values: list[float] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    runs: list[str] = field(default_factory=list)


def compare(  # noqa: PLR0913 - a question has this many parts
    db: Database,
    sweep_id: str,
    *,
    rows: str | None = None,
    columns: str | None = None,
    metric: str = "success",
    aggregate: str = "median",
) -> dict[str, Any]:
    """Return the comparison; raises NotFound, and BadQuestion naming the parameter that has no meaning."""
    if metric not in METRICS:
        raise BadQuestion("metric", f"must be one of: {', '.join(METRICS)}", metric)
    if aggregate not in AGGREGATES:
        raise BadQuestion("aggregate", f"must be one of: {', '.join(AGGREGATES)}", aggregate)
    sweep = sweeps.get(db, sweep_id)
    fields = _fields(sweep, rows, columns)
    cells = _cells(db, sweep, fields, metric)
    keys = [_ordered(sweep, name, {key[i] for key in cells}) for i, name in enumerate(fields)]
    chosen = METRICS[metric]
    return {
        "sweep": sweep_id,
        "rows": {"field": fields[0], "values": [_named(key) for key in keys[0]]},
        "columns": {"field": fields[1], "values": [_named(key) for key in keys[1]]},
        "metric": {
            "name": chosen.name,
            "unit": chosen.unit,
            "better": chosen.better,
            "description": chosen.description,
        },
        "aggregate": aggregate,
        "cells": [[_figures(cells.get((row, column), _Cell()), aggregate) for column in keys[1]] for row in keys[0]],
    }


def _fields(sweep: SweepView, rows: str | None, columns: str | None) -> tuple[str, str]:
    """Return the asked-for fields, else the first two axes; raises BadQuestion for one that no specification has."""
    known = _first_spec(sweep).full()
    usual = [name for name in ("clipping", "batch_size") if _has(known, name)]
    axes = [name for name in sweep.axes if name != _SEEDS] + [*usual, _SEEDS]
    first = rows or next(name for name in axes if name != columns)
    second = columns or next((name for name in axes if name != first), _SEEDS)
    for parameter, name in (("rows", first), ("columns", second)):
        if name not in sweep.axes and not _has(known, name):
            raise BadQuestion(
                parameter, f"must be a field of the specification, such as {', '.join(dict.fromkeys(axes))}", name
            )
    return first, second


def _first_spec(sweep: SweepView) -> Any:  # noqa: ANN401 - a RunSpec
    return sweeps.expand(
        sweeps.SweepRequest(
            base=sweep.base, axes={name: values[:1] for name, values in sweep.axes.items()}, seeds=sweep.seeds[:1]
        )
    )[0][1]


def _cells(db: Database, sweep: SweepView, fields: tuple[str, str], metric: str) -> dict[tuple[str, str], _Cell]:
    """Return the cells by the JSON of their coordinates."""
    on_axes = all(name in sweep.axes for name in fields)
    query = (
        select(MEMBERS.c.coordinates, RUNS.c.id, RUNS.c.state, RUNS.c.outcome_kind, RUNS.c.summary, RUNS.c.spec)
        .join(RUNS, RUNS.c.id == MEMBERS.c.run_id)
        .where(MEMBERS.c.sweep_id == sweep.id)
        .order_by(MEMBERS.c.position)
    )
    cells: dict[tuple[str, str], _Cell] = {}
    with db.read() as conn:
        for coordinates, run_id, state, outcome, summary, spec in conn.execute(query):
            at = orjson.loads(coordinates)
            full = {} if on_axes else parse_spec(orjson.loads(spec), stored=True).full()
            key = _key(at, full, fields[0]), _key(at, full, fields[1])
            cell = cells.setdefault(key, _Cell())
            cell.runs.append(run_id)
            value = orjson.loads(summary).get(metric)
            if value is None:
                cell.missing[_reason(state, outcome)] += 1
            else:
                cell.values.append(float(value))
    return cells


def _reason(state: str, outcome: str | None) -> str:
    """Say why a run has no value: it has not ended, or its metric has no meaning for it."""
    if state != "succeeded":
        return state
    return "diverged" if outcome == "diverged" else "not measured"


def _key(at: dict[str, Any], full: dict[str, Any], name: str) -> str:
    return orjson.dumps(at[name] if name in at else _get(full, name), option=orjson.OPT_SORT_KEYS).decode()


def _get(full: Any, name: str) -> Any:  # noqa: ANN401 - JSON
    for part in name.split("."):
        full = full.get(part) if isinstance(full, dict) else None
    return full


def _has(full: Any, name: str) -> bool:  # noqa: ANN401
    *parents, last = name.split(".")
    holder = _get(full, ".".join(parents)) if parents else full
    return isinstance(holder, dict) and last in holder


def _ordered(sweep: SweepView, name: str, keys: set[str]) -> list[str]:
    """Return the values in the axis's own order; numbers by size."""
    values = {key: orjson.loads(key) for key in keys}
    if all(isinstance(value, int | float) for value in values.values()):
        return sorted(keys, key=lambda key: float(values[key]))
    asked = [orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() for value in sweep.axes.get(name, [])]
    return sorted(keys, key=lambda key: (asked.index(key) if key in asked else len(asked), key))


def _named(key: str) -> dict[str, Any]:
    value = orjson.loads(key)
    return {"value": value, "label": label_of(value)}


def label_of(value: Any) -> str:  # noqa: ANN401
    """Return a value of an axis in short, such as "norm 1"."""
    if isinstance(value, dict):
        return " ".join([str(value.get("kind", ""))] + [label_of(v) for k, v in value.items() if k != "kind"]).strip()
    if isinstance(value, list):
        return "-".join(label_of(v) for v in value)
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _figures(cell: _Cell, aggregate: str) -> dict[str, Any]:
    low = high = value = None
    if cell.values:
        value, low, high = interval(cell.values, aggregate)
    return {
        "value": value,
        "low": low,
        "high": high,
        "n": len(cell.values),
        "missing": dict(cell.missing),
        "runs": cell.runs,
    }
