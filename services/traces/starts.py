"""Traces that begin later than their run: the probe did not exist when the run began, and it went on after an upgrade.

The first block of such a trace is marked when it is stored, so that what is before it is told from damage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from ltd_core.trace import TraceBlock
from services.database.models import TraceStart, table
from services.database.rows import upsert
from services.traces.rows import BLOCKS

STARTS = table(TraceStart)


def mark(conn: Connection, blocks: Mapping[str, Sequence[TraceBlock]]) -> None:
    """Mark the traces that begin with these blocks of resumed runs, before they are stored."""
    late: dict[tuple[str, str], TraceBlock] = {}
    for run_id, own in blocks.items():
        for block in own:
            if block.first_step > block.every:
                late.setdefault((run_id, block.name), block)
    if not late:
        return
    known = select(BLOCKS.c.run_id, BLOCKS.c.trace).where(BLOCKS.c.run_id.in_(list(blocks))).distinct()
    stored = {(row.run_id, row.trace) for row in conn.execute(known)}
    rows = [
        {"run_id": run_id, "trace": name, "first_step": block.first_step, "dtype": block.values.dtype.str}
        for (run_id, name), block in late.items()
        if (run_id, name) not in stored
    ]
    if rows:
        upsert(conn, STARTS, rows, replace=())


def starts_of(conn: Connection, run_id: str) -> dict[str, tuple[int, str]]:
    """Return the first step and the type of the traces of a run that begin late, by name."""
    query = select(STARTS.c.trace, STARTS.c.first_step, STARTS.c.dtype).where(STARTS.c.run_id == run_id)
    return {row.trace: (row.first_step, row.dtype) for row in conn.execute(query)}
