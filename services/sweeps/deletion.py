"""Deletes a sweep with the runs that nobody else has.

A run stays for another sweep, and for whoever posted it alone. The sweep is marked first, in one transaction, and is in
no list from then on; then its runs go, a slice a transaction. A process that is killed in between leaves a marked
sweep, with which the reconciler, or the same request again, goes on.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update

from services.database.engine import Database
from services.database.models import RetentionPolicy, table
from services.errors import Conflict, NotFound
from services.runs import deletion
from services.runs.deletion import Deleted
from services.sweeps.posted import DELETED, MEMBERS, RUNS, SWEEPS
from services.sweeps.slices import PAUSE, PAUSE_AFTER
from services.traces.stored import forget
from services.words import FINAL, OPEN

POLICIES = table(RetentionPolicy)
_RUNS_AT_ONCE = 100
"""Of a few hundred rows and half a megabyte each, as a rule: tenths of a second."""


def plan(db: Database, sweep_id: str) -> Deleted:
    """Return what would go with a sweep, and what would stay; raises NotFound."""
    with db.read() as conn:
        return _plan(conn, sweep_id)


def delete_sweep(db: Database, sweep_id: str) -> Deleted:
    """Delete a sweep; raises NotFound, and Conflict where a run that would go has not ended."""
    gone = plan(db, sweep_id)
    with db.write() as conn:
        if conn.execute(select(SWEEPS.c.runs).where(_seen_or_marked(sweep_id)).with_for_update()).scalar() is None:
            raise NotFound("sweep", sweep_id)
        _refuse_open(conn, sweep_id)
        conn.execute(update(SWEEPS).where(SWEEPS.c.id == sweep_id).values(runs=DELETED))
    _finish(db, sweep_id)
    return gone


def go_on(db: Database, seconds: float) -> int:
    """Go on for about so long with deletions that broke off; return how many sweeps were marked."""
    with db.read() as conn:
        marked = conn.execute(select(SWEEPS.c.id).where(SWEEPS.c.runs == DELETED)).scalars().all()
    until = time.monotonic() + seconds
    for sweep_id in marked:
        _finish(db, sweep_id, until)
    return len(marked)


def _seen_or_marked(sweep_id: str) -> Any:
    return (SWEEPS.c.id == sweep_id) & ((SWEEPS.c.runs > 0) | (SWEEPS.c.runs == DELETED))


def _going(sweep_id: str) -> Any:
    """Return the condition that a run has nobody but the sweep."""
    mine = exists().where(MEMBERS.c.run_id == RUNS.c.id, MEMBERS.c.sweep_id == sweep_id)
    others = exists().where(MEMBERS.c.run_id == RUNS.c.id, MEMBERS.c.sweep_id != sweep_id)
    return mine & ~others & RUNS.c.posted_alone.is_(False)


def _plan(conn: Connection, sweep_id: str) -> Deleted:
    if conn.execute(select(SWEEPS.c.id).where(_seen_or_marked(sweep_id))).scalar() is None:
        raise NotFound("sweep", sweep_id)
    members = conn.execute(select(func.count()).where(MEMBERS.c.sweep_id == sweep_id)).scalar_one()
    going = select(RUNS.c.id).where(_going(sweep_id))
    count = conn.execute(select(func.count()).select_from(going.subquery())).scalar_one()
    replays = list(deletion.replays_of(conn, going))
    size = deletion.size(conn, going) + deletion.size(conn, replays)
    return Deleted(count + len(replays), members - count, size)


def _refuse_open(conn: Connection, sweep_id: str) -> None:
    going = _going(sweep_id)
    count = conn.execute(select(func.count()).select_from(RUNS).where(going, RUNS.c.state.in_(OPEN))).scalar_one()
    if count:
        raise Conflict(f"{count:,} runs of sweep {sweep_id} have not ended: cancel it, and delete it once they have")
    for run_id, state in deletion.replays_of(conn, select(RUNS.c.id).where(going)).items():
        deletion.refuse_open(run_id, state)


def _finish(db: Database, sweep_id: str, until: float | None = None) -> None:
    """Delete what a marked sweep has; pauses let in others who wait for SQLite's lock."""
    paused, left = time.monotonic(), True
    while left and (until is None or time.monotonic() < until):
        with db.write() as conn:
            left = _slice(conn, sweep_id)
        if time.monotonic() > paused + PAUSE_AFTER:
            time.sleep(PAUSE)
            paused = time.monotonic()
    forget()


def _slice(conn: Connection, sweep_id: str) -> bool:
    """Delete some runs of a marked sweep, at last the sweep itself; return whether more is left.

    The rows of the runs are locked before it is asked who else has them: whoever posts them meanwhile has locked them
    too, and is seen, or finds them gone and queues them anew (`services.runs.submission`).
    """
    marked = (SWEEPS.c.id == sweep_id) & (SWEEPS.c.runs == DELETED)
    if conn.execute(select(SWEEPS.c.id).where(marked).with_for_update()).scalar() is None:
        return False
    mine = select(MEMBERS.c.run_id).where(MEMBERS.c.sweep_id == sweep_id).order_by(MEMBERS.c.position)
    ids = conn.execute(mine.limit(_RUNS_AT_ONCE)).scalars().all()
    if not ids:
        conn.execute(delete(POLICIES).where(POLICIES.c.scope == sweep_id))
        conn.execute(delete(SWEEPS).where(marked))
        return False
    conn.execute(select(RUNS.c.id).where(RUNS.c.id.in_(ids)).order_by(RUNS.c.id).with_for_update()).all()
    ended = RUNS.c.id.in_(ids) & _going(sweep_id) & RUNS.c.state.in_(FINAL)
    going = conn.execute(select(RUNS.c.id).where(ended)).scalars().all()
    replays = deletion.replays_of(conn, going)
    conn.execute(delete(MEMBERS).where(MEMBERS.c.sweep_id == sweep_id, MEMBERS.c.run_id.in_(ids)))
    deletion.remove(conn, [*going, *(run_id for run_id, state in replays.items() if state in FINAL)])
    return True
