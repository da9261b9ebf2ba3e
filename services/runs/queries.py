"""Reading runs by their ids, and the events of one; `services.lists` finds runs by what they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import bindparam, func, select

from ltd_core.spec import RunSpec
from ltd_core.trace import TraceInfo
from services.database.engine import Database
from services.database.models import Run, RunEvent, ThinnedRun, table
from services.errors import NotFound
from services.runs import summaries
from services.runs.reasons import absent
from services.runs.row import replay_id
from services.specs import stored_spec, stored_traces

T = TypeVar("T")
RUNS, EVENTS, THINNED = table(Run), table(RunEvent), table(ThinnedRun)
_TRACED = (
    select(RUNS.c.id, RUNS.c.spec, RUNS.c.step, THINNED.c.run_id.is_not(None).label("thinned"))
    .outerjoin_from(RUNS, THINNED, THINNED.c.run_id == RUNS.c.id)
    .where(RUNS.c.id.in_(bindparam("ids", expanding=True)))
)


class RunView(NamedTuple):
    """A run as it stands; times are seconds since 1970."""

    id: str
    spec_json: str
    experiment: str
    state: str
    step: int
    updates: int
    epoch: int
    attempts: int
    cancel_requested: bool
    outcome_kind: str | None
    outcome_step: int | None
    outcome_message: str | None
    error: str | None
    summary_json: str
    origin: str
    replay: str | None
    replay_difference: str | None
    worker: str | None
    created_at: float
    started_at: float | None
    finished_at: float | None

    @property
    def spec(self) -> RunSpec:
        return stored_spec(self.spec_json)

    @property
    def summary(self) -> dict[str, float | None]:
        return summaries.decode(self.summary_json)

    @property
    def absent(self) -> dict[str, str]:
        """Return why metrics of the summary have no value, by name."""
        return absent(self.state, self.outcome_kind, self.summary) if ":null" in self.summary_json else {}

    @property
    def outcome(self) -> dict[str, Any] | None:
        """Return how the run ended, None before its end."""
        if self.outcome_kind is None:
            return None
        return {"kind": self.outcome_kind, "step": self.outcome_step, "message": self.outcome_message}

    @property
    def replayed(self) -> dict[str, Any] | None:
        """Return what training it again showed, None where nobody asked for that."""
        if self.replay is None:
            return None
        return {"id": replay_id(self.id), "verdict": self.replay, "difference": self.replay_difference}


_OTHER_NAMES = {"spec_json": "spec", "summary_json": "summary", "worker": "lease_owner"}
COLUMNS = [RUNS.c[_OTHER_NAMES.get(name, name)] for name in RunView._fields]
_ONE = select(*COLUMNS).where(RUNS.c.id == bindparam("id"))
_SOME = select(*COLUMNS).where(RUNS.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class TracedRun:
    """What decides a run's traces: its specification, its step, and whether retention has deleted its points."""

    id: str
    spec_json: str
    step: int
    thinned: bool

    @property
    def traces(self) -> dict[str, TraceInfo]:
        """Return the declared traces by name."""
        return stored_traces(self.spec_json)


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a run's state."""

    seq: int
    at: float
    kind: str
    data: dict[str, Any]


def get(db: Database, run_id: str) -> RunView:
    """Return a run; raises NotFound."""
    with db.read() as conn:
        row = conn.execute(_ONE, {"id": run_id}).one_or_none()
    if row is None:
        raise NotFound("run", run_id)
    return RunView._make(row)


def of_row(row: Mapping[str, Any]) -> RunView:
    """Return a run whose row was just inserted."""
    return RunView._make(row.get(column.name) for column in COLUMNS)


def some(db: Database, run_ids: Sequence[str]) -> list[RunView]:
    """Return some runs, in the order asked for; raises NotFound."""
    with db.read() as conn:
        runs = {row.id: RunView._make(row) for row in conn.execute(_SOME, {"ids": run_ids})}
    return _in_order(runs, run_ids)


def traced(db: Database, run_ids: Sequence[str]) -> list[TracedRun]:
    """Return what decides the traces of some runs, in the order asked for; raises NotFound."""
    with db.read() as conn:
        runs = {row.id: TracedRun(*row) for row in conn.execute(_TRACED, {"ids": run_ids})}
    return _in_order(runs, run_ids)


def _in_order(runs: Mapping[str, T], run_ids: Sequence[str]) -> list[T]:
    for run_id in run_ids:
        if run_id not in runs:
            raise NotFound("run", run_id)
    return [runs[run_id] for run_id in run_ids]


def count_by_state(db: Database) -> dict[str, int]:
    """Return the number of runs in each state that has any."""
    with db.read() as conn:
        rows = conn.execute(select(RUNS.c.state, func.count()).group_by(RUNS.c.state)).all()
    return {row[0]: row[1] for row in rows}


def events(db: Database, run_id: str, after_seq: int = 0) -> list[Event]:
    """Return a run's events after a number, oldest first."""
    query = select(EVENTS).where(EVENTS.c.run_id == run_id, EVENTS.c.seq > after_seq).order_by(EVENTS.c.seq)
    with db.read() as conn:
        return [Event(row.seq, row.at, row.kind, orjson.loads(row.data)) for row in conn.execute(query)]
