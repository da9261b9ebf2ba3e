"""Checks what is stored: every checksum, every shape, and that no block is missing between two others."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, select

from services.database.engine import Database
from services.database.models import RunState, table
from services.errors import TraceCorrupt
from services.maintenance.walk import Care, Slice, walk
from services.traces.codec import checksum
from services.traces.reading import thinned, traces_of
from services.traces.rows import BLOCKS, PAGES, decoded
from services.traces.stored import StoredTrace

STATES = table(RunState)
_ROWS_AT_ONCE = 500


def verify(db: Database, after: str | None = None) -> Slice:
    """Check everything that is stored of the next runs; findings name what is damaged or missing."""
    return walk(db, after, _verify, write=False)


def _verify(conn: Connection, run: Any) -> Care:
    care = Care()
    for arrays in (BLOCKS, PAGES):
        care.add(_arrays(conn, arrays, run.id))
    care.add(_state(conn, run.id))
    for _, trace in traces_of(conn, run.id):
        care.findings += _gaps(trace)
    return care


def _arrays(conn: Connection, arrays: Table, run_id: str) -> Care:
    care = Care()
    query = select(arrays).where(arrays.c.run_id == run_id)
    for row in conn.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}):
        care.looked_at += 1
        try:
            decoded(row, thoroughly=True)
        except TraceCorrupt as error:
            care.findings.append(str(error))
    return care


def _state(conn: Connection, run_id: str) -> Care:
    row = conn.execute(select(STATES).where(STATES.c.run_id == run_id)).one_or_none()
    if row is None:
        return Care()
    sound = checksum(bytes(row.payload)) == row.checksum
    return Care(1, 0, [] if sound else [f"state of run {run_id}, step {row.step}: the checksum does not match"])


def _gaps(trace: StoredTrace) -> list[str]:
    """Return where blocks do not follow each other; thinned traces have their last one alone, some begin late."""
    rows = trace.block_steps()
    before = rows[0][0] - trace.every if thinned(trace) else trace.step(trace.start) - trace.every
    findings = []
    for first, last in rows:
        if first != before + trace.every:
            where = f"after step {before}: the next block begins at step {first}"
            findings.append(f"trace {trace.name} of run {trace.run_id}, a gap or an overlap {where}")
        before = last
    return findings
