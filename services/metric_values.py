"""One metric of every run of a sweep, brought over as one text: ten thousand rows would take longer than the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSON

from services.kept import Kept
from services.models import Run, SweepRun, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.db import Database

RUNS, MEMBERS = table(Run), table(SweepRun)
_KEPT = 32
_FINAL = {"succeeded", "failed", "cancelled"}
Mark = tuple[int, float | None]
_ALL_SUCCEEDED: Mark = (0, None)


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


_ended: Kept[tuple[MetricValues, Mark]] = Kept(_KEPT)


def metric_values(db: Database, sweep_id: str, metric: str, runs: int) -> MetricValues:
    """Return a metric of all runs of a sweep; kept while it cannot have changed.

    A run that succeeded stays as it is; one that failed or was cancelled may be queued again, and leaves another mark.
    """
    key = (db.url, sweep_id, metric)
    known = _ended.get(key)
    if known and (known[1] == _ALL_SUCCEEDED or known[1] == _mark(db, sweep_id)):
        return known[0]
    mark = _mark(db, sweep_id)  # before the values: what changes meanwhile leaves another
    found = _read(db, sweep_id, metric, runs)
    if set(found.states) <= _FINAL:
        _ended.put(key, (found, mark))
    return found


def _mark(db: Database, sweep_id: str) -> Mark:
    """Return how many runs have not succeeded, and when the last of these changed."""
    query = select(func.count(), func.max(RUNS.c.updated_at)).select_from(MEMBERS)
    query = query.join(RUNS, RUNS.c.id == MEMBERS.c.run_id).where(MEMBERS.c.sweep_id == sweep_id)
    with db.read() as conn:
        count, changed = conn.execute(query.where(RUNS.c.state != "succeeded")).one()
    return count, changed


def _read(db: Database, sweep_id: str, metric: str, runs: int) -> MetricValues:
    with db.read() as conn:
        columns = conn.execute(
            select(*_gathered(conn, metric))
            .select_from(MEMBERS.join(RUNS, RUNS.c.id == MEMBERS.c.run_id))
            .where(MEMBERS.c.sweep_id == sweep_id)
        ).one()
    positions, states, outcomes, found = (orjson.loads(column) for column in columns)
    values, order = np.full(runs, np.nan), np.argsort(positions)
    values[positions] = np.array(found, np.float64)  # null becomes NaN
    return MetricValues(values, [states[i] for i in order], [outcomes[i] for i in order])


def _gathered(conn: Connection, metric: str) -> list[Any]:
    """Return all positions, states, outcomes and values, each column as one JSON array, in the same order."""
    columns = (MEMBERS.c.position, RUNS.c.state, RUNS.c.outcome_kind)
    if conn.dialect.name == "postgresql":
        return [cast(func.json_agg(column), Text) for column in (*columns, cast(RUNS.c.summary, JSON)[metric])]
    return [func.json_group_array(column) for column in (*columns, func.json_extract(RUNS.c.summary, f'$."{metric}"'))]
