"""One metric of every run of a sweep, brought over as one text: ten thousand rows would take longer than the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSON

from services.models import Run, SweepRun, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.db import Database

RUNS, MEMBERS = table(Run), table(SweepRun)


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


def metric_values(db: Database, sweep_id: str, metric: str, runs: int) -> MetricValues:
    """Return a metric of all runs of a sweep."""
    with db.read() as conn:
        text = conn.execute(
            select(_gathered(conn, metric))
            .select_from(MEMBERS.join(RUNS, RUNS.c.id == MEMBERS.c.run_id))
            .where(MEMBERS.c.sweep_id == sweep_id)
        ).scalar_one()
    values, states = np.full(runs, np.nan), [""] * runs
    outcomes: list[str | None] = [None] * runs
    for position, state, outcome, value in orjson.loads(text):
        values[position] = np.nan if value is None else value
        states[position], outcomes[position] = state, outcome
    return MetricValues(values, states, outcomes)


def _gathered(conn: Connection, metric: str) -> Any:  # noqa: ANN401 - SQLAlchemy's expression
    """Return all rows as one JSON array of [position, state, outcome, value], in any order."""
    row = (MEMBERS.c.position, RUNS.c.state, RUNS.c.outcome_kind)
    if conn.dialect.name == "postgresql":
        value = cast(RUNS.c.summary, JSON)[metric]
        return cast(func.json_agg(func.json_build_array(*row, value)), Text)
    return func.json_group_array(func.json_array(*row, func.json_extract(RUNS.c.summary, f'$."{metric}"')))
