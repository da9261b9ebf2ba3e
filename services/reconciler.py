"""Repairs what processes left behind, one process at a time: expired leases, lost hints, traces due for thinning.

It compares replays with what they replay, and goes on with deletions that broke off, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select, update

from services import idempotency, queue
from services.database.engine import Database, clock
from services.database.models import Leader, Run, table
from services.database.rows import upsert
from services.maintenance import retention
from services.runs import lifecycle, replays
from services.settings import Settings
from services.sweeps import deletion

LEADER, RUNS = table(Leader), table(Run)
_NAME = "reconciler"
_THINNING_SECONDS = 0.2
_DELETING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What one round did; nothing when another process leads."""

    led: bool
    expired: int = 0
    hinted: int = 0
    thinned: int = 0
    replayed: int = 0
    deleted: int = 0


def reconcile_once(db: Database, settings: Settings, owner: str) -> ReconcileReport:
    """Do one round, if this process leads or the last leader's lease has expired."""
    if not _lead(db, owner, 3 * settings.reconcile_seconds):
        return ReconcileReport(led=False)
    expired = lifecycle.expire(db, settings.max_attempts)
    with db.read() as conn:
        due = or_(RUNS.c.not_before.is_(None), RUNS.c.not_before <= clock(conn))
        waiting = conn.execute(select(func.count()).select_from(RUNS).where(RUNS.c.state == "queued", due)).scalar_one()
    if waiting:
        queue.hint(settings, waiting)
    idempotency.expire(db)
    thinned = retention.thin(db, _THINNING_SECONDS).runs
    replayed = replays.settle(db)
    deleted = deletion.go_on(db, _DELETING_SECONDS)
    counts = {"hinted": waiting, "thinned": thinned, "replayed": replayed, "deleted": deleted}
    return ReconcileReport(led=True, expired=len(expired), **counts)


def _lead(db: Database, owner: str, seconds: float) -> bool:
    with db.write() as conn:
        now = clock(conn)
        upsert(conn, LEADER, [{"name": _NAME, "owner": owner, "expires_at": now + seconds}], replace=())
        available = (LEADER.c.name == _NAME) & or_(LEADER.c.owner == owner, LEADER.c.expires_at < now)
        lead = update(LEADER).where(available).values(owner=owner, expires_at=now + seconds)
        return bool(conn.execute(lead).rowcount)
