"""Makes missing and damaged pages of the pyramid again from the points."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from services.database.engine import Database
from services.errors import TraceCorrupt
from services.maintenance.walk import Care, Slice, walk
from services.traces.reading import traces_of
from services.traces.rows import FACTOR, PAGES, decoded, figure_rows
from services.traces.stored import StoredTrace
from services.traces.writing import add_page


def repair(db: Database, after: str | None = None) -> Slice:
    """Make the missing and damaged pages of the next runs; findings say which, and what cannot be made again."""
    return walk(db, after, _repair, write=True)


def _repair(conn: Connection, run: Any) -> Care:
    care = Care()
    for _, trace in traces_of(conn, run.id):
        care.add(mend(trace))
    return care


def mend(trace: StoredTrace) -> Care:
    """Make the missing and damaged pages of a trace."""
    care, sound, rows = Care(), _sound(trace), len(figure_rows(curve=not trace.size))
    level, span = 1, trace.page * FACTOR
    while count := trace.total // span:
        for number in range(count):
            care.looked_at += 1
            if sound[level, number] < rows:
                _make(trace, level, number, care)
        level, span = level + 1, span * FACTOR
    return care


def _sound(trace: StoredTrace) -> Counter[tuple[int, int]]:
    """Return how many sound rows each page has; delete the damaged ones."""
    counts = Counter[tuple[int, int]]()
    for row in trace.conn.execute(select(PAGES).where(trace.pages)).all():
        try:
            decoded(row)
        except TraceCorrupt:
            key = and_(*(PAGES.c[name] == getattr(row, name) for name in ("level", "figure", "page")))
            trace.conn.execute(delete(PAGES).where(trace.pages, key))
        else:
            counts[row.level, row.page] += 1
    return counts


def _make(trace: StoredTrace, level: int, number: int, care: Care) -> None:
    where = f"trace {trace.name} of run {trace.run_id}, level {level}, page {number}"
    try:
        add_page(trace, level, number)
    except TraceCorrupt as error:
        care.findings.append(f"{where} cannot be made: {error}")
    else:
        care.changed += 1
        care.findings.append(f"{where} was made again")
