"""Deletes runs with everything that is stored of them, and with their replays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from services.database.engine import Database
from services.database.models import Base, Run, RunState, SweepRun, table
from services.errors import Conflict, NotFound
from services.runs.row import replay_id
from services.specs import stored_spec
from services.traces.rows import BLOCKS, PAGES
from services.traces.stored import forget
from services.words import OPEN

RUNS, MEMBERS, STATES = table(Run), table(SweepRun), table(RunState)
_PARTS = [
    part
    for part in Base.metadata.sorted_tables
    if part is not MEMBERS and any(key.column.table is RUNS for key in part.foreign_keys)
]
"""Tables with rows of a run; being a member of a sweep is no part of it."""
_NAMED = 3
"""Sweeps that a message names."""


class Deleted(NamedTuple):
    """How many runs go, replays among them, and how many of a sweep stay; the bytes of the arrays that go."""

    runs: int
    kept: int
    bytes: int


def plan(db: Database, run_id: str) -> Deleted:
    """Return what would go with a run; raises NotFound, and Conflict where it may not go."""
    with db.read() as conn:
        ids = _deletable(conn, run_id)
        return Deleted(len(ids), 0, size(conn, ids))


def delete_run(db: Database, run_id: str) -> Deleted:
    """Delete a run that has ended and is in no sweep; raises as `plan` does."""
    with db.write() as conn:
        ids = _deletable(conn, run_id)
        gone = Deleted(len(ids), 0, size(conn, ids))
        _unmark(conn, run_id)
        remove(conn, ids)
    forget()
    return gone


def remove(conn: Connection, ids: Sequence[str]) -> None:
    """Delete some runs that are in no sweep."""
    if ids:
        for part in _PARTS:
            conn.execute(delete(part).where(part.c.run_id.in_(ids)))
        conn.execute(delete(RUNS).where(RUNS.c.id.in_(ids)))


def size(conn: Connection, runs: Any) -> int:
    """Return the bytes of the arrays of some runs: ids, or a query of them."""
    query = (
        select(func.coalesce(func.sum(func.length(rows.c.payload)), 0)).where(rows.c.run_id.in_(runs))
        for rows in (BLOCKS, PAGES, STATES)
    )
    return sum(int(conn.execute(one).scalar_one()) for one in query)


def replays_of(conn: Connection, runs: Any) -> dict[str, str]:
    """Return the ids and states of the replays of some runs: ids, or a query of them; the rows are locked."""
    replayed = conn.execute(select(RUNS.c.id).where(RUNS.c.id.in_(runs), RUNS.c.replay.is_not(None))).scalars()
    ids = [replay_id(run_id) for run_id in replayed]
    found = conn.execute(
        select(RUNS.c.id, RUNS.c.state).where(RUNS.c.id.in_(ids)).order_by(RUNS.c.id).with_for_update()
    )
    return {row.id: row.state for row in found}


def refuse_open(run_id: str, state: str) -> None:
    """Raise Conflict for a run that has not ended."""
    if state in OPEN:
        raise Conflict(f"run {run_id} is {state}: cancel it, and delete it once it has ended")


def _deletable(conn: Connection, run_id: str) -> list[str]:
    """Return a run and its replay, which are locked where the transaction writes."""
    state = conn.execute(select(RUNS.c.state).where(RUNS.c.id == run_id).with_for_update()).scalar()
    if state is None:
        raise NotFound("run", run_id)
    refuse_open(run_id, state)
    holders = select(MEMBERS.c.sweep_id).where(MEMBERS.c.run_id == run_id).limit(_NAMED)
    if sweeps := conn.execute(holders).scalars().all():
        raise Conflict(
            f"run {run_id} belongs to a sweep, whose comparison needs it: delete the sweep ({', '.join(sweeps)})"
        )
    replays = replays_of(conn, [run_id])
    for other, state in replays.items():
        refuse_open(other, state)
    return [run_id, *replays]


def _unmark(conn: Connection, run_id: str) -> None:
    """Forget the verdict on a run whose replay goes, so that it may be replayed again."""
    spec = conn.execute(select(RUNS.c.spec).where(RUNS.c.id == run_id, RUNS.c.origin == "replay")).scalar()
    if spec is not None:
        replayed = RUNS.c.id == stored_spec(spec).digest
        conn.execute(update(RUNS).where(replayed).values(replay=None, replay_difference=None))
