"""Cancels a sweep: of its runs that have not ended, those that nobody else waits for.

A run stays for another sweep that was not cancelled itself, and for whoever posted it alone. The rows of a slice are
locked before it is asked who waits: a sweep that is posted meanwhile has read them under a lock too
(`services.runs.submission`), so its runs are seen to be its, or are queued again by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, select, update

from services.database.engine import Database, clock
from services.errors import NotFound
from services.runs.events import log_alike
from services.sweeps.posted import MEMBERS, RUNS, SEEN, SWEEPS
from services.sweeps.slices import slices
from services.words import OPEN


@dataclass(frozen=True, slots=True)
class SweepCancelled:
    """How many runs were cancelled, or asked to end; and how many go on because somebody else waits for them."""

    cancelled: int
    kept: int


def cancel(db: Database, sweep_id: str) -> SweepCancelled:
    """Cancel a sweep, a slice a transaction; again, it goes on where it broke off. Raises NotFound."""
    mark = update(SWEEPS).where(SWEEPS.c.id == sweep_id, SEEN)
    with db.write() as conn:
        marked = mark.values(cancelled_at=clock(conn)).returning(SWEEPS.c.runs)
        runs = conn.execute(marked).scalar_one_or_none()
    if runs is None:
        raise NotFound("sweep", sweep_id)
    done = []
    for positions in slices(runs):
        with db.write() as conn:
            done.append(_cancel(conn, sweep_id, positions))
    return SweepCancelled(sum(one.cancelled for one in done), sum(one.kept for one in done))


def _cancel(conn: Connection, sweep_id: str, positions: range) -> SweepCancelled:
    now = clock(conn)
    place = MEMBERS.c.position.between(positions[0], positions[-1])
    mine = RUNS.c.id.in_(select(MEMBERS.c.run_id).where(MEMBERS.c.sweep_id == sweep_id, place))
    going = mine & RUNS.c.state.in_(OPEN) & RUNS.c.cancel_requested.is_(False)
    locked = conn.execute(select(RUNS.c.id).where(going).order_by(RUNS.c.id).with_for_update()).all()
    free = going & ~_waited_for(sweep_id) & RUNS.c.posted_alone.is_(False)
    values: dict[str, Any] = {"cancel_requested": True, "updated_at": now}
    ended = values | {"state": "cancelled", "finished_at": now}
    count = 0
    for state, kind, change in (("queued", "cancelled", ended), ("running", "cancel_requested", values)):
        changed = update(RUNS).where(free, RUNS.c.state == state).values(**change).returning(RUNS.c.id)
        ids = list(conn.execute(changed).scalars())
        log_alike(conn, ids, kind, now)
        count += len(ids)
    return SweepCancelled(count, len(locked) - count)


def _waited_for(sweep_id: str) -> Any:
    """Return the condition that another sweep, which was not cancelled, has the run."""
    others = (MEMBERS.c.run_id == RUNS.c.id) & (MEMBERS.c.sweep_id != sweep_id)
    return exists().where(others, SWEEPS.c.id == MEMBERS.c.sweep_id, SWEEPS.c.cancelled_at.is_(None))
