"""How long the points of a trace are kept; after that its pyramid remains, from cells of 32 points up."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, literal, or_, select

from ltd_core.trace import TraceBlock
from services.database.engine import Database, clock
from services.database.models import RetentionPolicy, Run, Sweep, SweepRun, ThinnedRun, table
from services.database.rows import upsert
from services.errors import NotFound
from services.maintenance.repair import mend
from services.maintenance.walk import Care, Slice, held
from services.traces.reading import traces_of
from services.traces.rows import BLOCKS, FACTOR, block_row
from services.traces.stored import StoredTrace
from services.traces.writing import add_page

POLICIES, THINNED = table(RetentionPolicy), table(ThinnedRun)
RUNS, SWEEPS, MEMBERS = table(Run), table(Sweep), table(SweepRun)
EVERY_RUN = ""
"""The scope of the policy for runs in no sweep, and for sweeps without one of their own."""
_DAY = 86_400.0
_FOREVER = 1e9
_RUNS_AT_ONCE = 20


def keep(db: Database, days: float | None, sweep_id: str | None = None) -> None:
    """Keep points for so many days after a run's end, None for ever; of one sweep or of all. Raises NotFound."""
    scope = sweep_id or EVERY_RUN
    with db.write() as conn:
        if (
            sweep_id
            and not conn.execute(select(exists().where(SWEEPS.c.id == sweep_id, SWEEPS.c.runs > 0))).scalar_one()
        ):
            raise NotFound("sweep", sweep_id)
        row = {"scope": scope, "days": _FOREVER if days is None else days}
        upsert(conn, POLICIES, [row], replace=("days",))


def policies(db: Database) -> list[dict[str, Any]]:
    """Return the policies: the sweep, None for all others, and the days, None for ever."""
    with db.read() as conn:
        rows = conn.execute(select(POLICIES).order_by(POLICIES.c.scope)).all()
    return [{"sweep": row.scope or None, "days": None if row.days >= _FOREVER else row.days} for row in rows]


def thin(db: Database, seconds: float = 1.0) -> Slice:
    """Delete points whose time is over, for about so many seconds; `next` is None when none is left.

    A run in several sweeps keeps its points as long as any of them asks for it.
    """
    until, care, seen = time.monotonic() + seconds, Care(), 0
    while due := _due(db):
        for run_id in due:
            with db.write() as conn:
                if held(conn, run_id, write=True):
                    care.add(_thin(conn, run_id))
                    conn.execute(insert(THINNED), {"run_id": run_id, "at": clock(conn)})
            seen += 1
            if time.monotonic() > until:
                return Slice(seen, care, run_id)
    return Slice(seen, care, None)


def _due(db: Database) -> list[str]:
    with db.read() as conn:
        days = {row.scope: row.days for row in conn.execute(select(POLICIES))}
        if not days:
            return []
        now, usual = clock(conn), days.get(EVERY_RUN, _FOREVER)
        young = RUNS.c.finished_at > now - func.coalesce(POLICIES.c.days, usual) * literal(_DAY)
        sweeps_of = MEMBERS.outerjoin(POLICIES, POLICIES.c.scope == MEMBERS.c.sweep_id)
        wanted = exists().select_from(sweeps_of).where(MEMBERS.c.run_id == RUNS.c.id, young)
        member = exists().where(MEMBERS.c.run_id == RUNS.c.id)
        thinned = exists().where(THINNED.c.run_id == RUNS.c.id)
        old = or_(member, RUNS.c.finished_at <= now - usual * _DAY)
        query = select(RUNS.c.id).where(
            RUNS.c.state == "succeeded", RUNS.c.finished_at <= now - min(days.values()) * _DAY, old, ~wanted, ~thinned
        )
        return list(conn.execute(query.limit(_RUNS_AT_ONCE)).scalars())


def _thin(conn: Connection, run_id: str) -> Care:
    care = Care()
    for _, trace in traces_of(conn, run_id):
        care.looked_at += 1
        mended = mend(trace)
        lost = [finding for finding in mended.findings if "cannot" in finding]
        care.findings += lost
        if not lost and trace.total > FACTOR:
            care.changed += _delete_points(trace)
    return care


def _delete_points(trace: StoredTrace) -> int:
    """Complete the pyramid up to the trace's end, delete all points but the last; returns the number of blocks."""
    level = 1
    while FACTOR ** (level - 1) < trace.total:
        last = -(-trace.total // FACTOR**level)
        if last % trace.page:
            add_page(trace, level, last // trace.page, last)
        level += 1
    end = TraceBlock(trace.name, trace.step(trace.total - 1), trace.every, trace.points(trace.total - 1, trace.total))
    deleted = trace.conn.execute(delete(BLOCKS).where(trace.blocks)).rowcount
    trace.conn.execute(insert(BLOCKS), block_row(trace.run_id, end))
    return deleted
