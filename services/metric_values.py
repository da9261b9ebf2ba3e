"""One metric of every run of a sweep: read at once the first time, later of the runs alone that can have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from sqlalchemy import Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSON

from services.kept import Kept
from services.models import Run, SweepRun, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from services.db import Database

RUNS, MEMBERS = table(Run), table(SweepRun)
_KEPT = 32
_MOST_AGAIN = 2000
"""Runs that are read by their ids; more of them are read sooner by their sweep."""
_AGAIN = select(RUNS.c.id, RUNS.c.state, RUNS.c.outcome_kind, RUNS.c.summary).where(
    RUNS.c.id.in_(bindparam("ids", expanding=True))
)
_Row = tuple[int, str, str | None, float | None]


@dataclass(frozen=True, slots=True)
class MetricValues:
    """By position in the sweep: the value, NaN where there is none, and how the run stands."""

    values: np.ndarray[Any, np.dtype[np.float64]]
    states: list[str]
    outcomes: list[str | None]

    def reason(self, position: int) -> str:
        """Say why a run has no value: it has not ended, or its metric has no meaning for it."""
        if self.states[position] != "succeeded":
            return self.states[position]
        return "diverged" if self.outcomes[position] == "diverged" else "not measured"

    def open(self) -> list[int]:
        """Return the positions of the runs that may still change: one that has succeeded never does."""
        return [position for position, state in enumerate(self.states) if state != "succeeded"]

    def with_rows(self, rows: Iterator[_Row]) -> MetricValues:
        """Return the same with some runs as they stand now."""
        values, states, outcomes = self.values.copy(), self.states.copy(), self.outcomes.copy()
        for position, state, outcome, value in rows:
            values[position] = np.nan if value is None else value
            states[position], outcomes[position] = state, outcome
        return MetricValues(values, states, outcomes)


_known: Kept[MetricValues] = Kept(_KEPT)


def metric_values(db: Database, sweep_id: str, metric: str, ids: Sequence[str]) -> MetricValues:
    """Return a metric of all runs of a sweep, whose ids are these, by position."""
    key = (db.url, sweep_id, metric)
    found = _known.get(key)
    still_open = found.open() if found else []
    if found is None or len(still_open) > _MOST_AGAIN:
        found = _read(db, sweep_id, metric, len(ids))
    elif still_open:
        found = found.with_rows(_again(db, metric, {ids[position]: position for position in still_open}))
    _known.put(key, found)
    return found


def _again(db: Database, metric: str, positions: dict[str, int]) -> Iterator[_Row]:
    with db.read() as conn:
        rows = conn.execute(_AGAIN, {"ids": list(positions)}).all()
    return ((positions[run], state, outcome, orjson.loads(said).get(metric)) for run, state, outcome, said in rows)


def _read(db: Database, sweep_id: str, metric: str, runs: int) -> MetricValues:
    """Read all runs, as one text a column: ten thousand rows would take longer to fetch than to find."""
    with db.read() as conn:
        columns = conn.execute(
            select(*_gathered(conn, metric))
            .select_from(MEMBERS.join(RUNS, RUNS.c.id == MEMBERS.c.run_id))
            .where(MEMBERS.c.sweep_id == sweep_id)
        ).one()
    nothing = MetricValues(np.full(runs, np.nan), [""] * runs, [None] * runs)
    return nothing.with_rows(zip(*(orjson.loads(column) for column in columns), strict=True))


def _gathered(conn: Connection, metric: str) -> list[Any]:
    """Return all positions, states, outcomes and values, each column as one JSON array, in the same order."""
    columns = (MEMBERS.c.position, RUNS.c.state, RUNS.c.outcome_kind)
    if conn.dialect.name == "postgresql":
        return [cast(func.json_agg(column), Text) for column in (*columns, cast(RUNS.c.summary, JSON)[metric])]
    return [func.json_group_array(column) for column in (*columns, func.json_extract(RUNS.c.summary, f'$."{metric}"'))]
