"""Walks over all runs in slices of about a second, so that no request takes long and a walk can be continued."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from services.database.engine import Database
from services.database.models import Run, table

RUNS = table(Run)
_SECONDS = 1.0
_RUNS_AT_ONCE = 200


@dataclass(slots=True)
class Care:
    """Counts of what was checked and changed, and findings in words."""

    looked_at: int = 0
    changed: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Care) -> None:
        """Add the counts and findings of another part."""
        self.looked_at += other.looked_at
        self.changed += other.changed
        self.findings += other.findings


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a walk; `next` is where to go on, None at its end."""

    runs: int
    care: Care
    next: str | None


def held(conn: Connection, run_id: str, *, write: bool) -> bool:
    """Say whether a run is still there; a transaction that writes keeps it from being deleted."""
    query = select(RUNS.c.id).where(RUNS.c.id == run_id)
    return conn.execute(query.with_for_update(key_share=True) if write else query).scalar() is not None


def walk(
    db: Database,
    after: str | None,
    work: Callable[[Connection, Any], Care],
    *,
    write: bool,
    seconds: float = _SECONDS,
) -> Slice:
    """Call `work` for each run with an id above `after`, a transaction each, until the time is up."""
    until, care, seen, last = time.monotonic() + seconds, Care(), 0, after or ""
    while True:
        with db.read() as conn:
            runs = select(RUNS.c.id, RUNS.c.state, RUNS.c.finished_at).where(RUNS.c.id > last).order_by(RUNS.c.id)
            rows = conn.execute(runs.limit(_RUNS_AT_ONCE)).all()
        if not rows:
            return Slice(seen, care, None)
        for row in rows:
            with db.write() if write else db.read(cursors=True) as conn:
                if held(conn, row.id, write=write):
                    care.add(work(conn, row))
            seen, last = seen + 1, row.id
            if time.monotonic() > until:
                return Slice(seen, care, last)
