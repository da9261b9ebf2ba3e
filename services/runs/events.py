"""Appends to the events of runs, which number each run's from 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, text

from services.database.models import RunEvent, table
from services.database.rows import json_list, strings_of

EVENTS = table(RunEvent)
_LAST_SEQ = select(func.coalesce(func.max(EVENTS.c.seq), 0)).where(EVENTS.c.run_id == bindparam("r")).scalar_subquery()
_INSERT_EVENT = insert(EVENTS).values(
    run_id=bindparam("r"), seq=_LAST_SEQ + 1, at=bindparam("t"), kind=bindparam("k"), data=bindparam("d")
)


def log(conn: Connection, entries: Sequence[tuple[str, str, dict[str, Any]]], now: float) -> None:
    """Append events; the row of the run is locked, so the next number is free."""
    rows = [{"r": run_id, "k": kind, "d": orjson.dumps(data).decode(), "t": now} for run_id, kind, data in entries]
    if rows:
        conn.execute(_INSERT_EVENT, rows)


def log_alike(conn: Connection, run_ids: Sequence[str], kind: str, now: float) -> None:
    """Do the same for many runs to which the same happened, in one statement."""
    numbered = "id, (SELECT coalesce(max(seq), 0) + 1 FROM run_events WHERE run_id = runs.id)"
    rows = f"SELECT {numbered}, :now, :kind, '{{}}' FROM runs WHERE id IN ({strings_of(conn, 'ids')})"  # noqa: S608
    named = {"now": now, "kind": kind, "ids": json_list(run_ids)}
    conn.execute(text(f"INSERT INTO run_events (run_id, seq, at, kind, data) {rows}"), named)
