"""Joins the blocks of ended runs: while a run trains, small ones keep its curves up to date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, insert

from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.errors import TraceCorrupt
from services.maintenance.walk import Care, Slice, walk
from services.traces.reading import traces_of
from services.traces.rows import BLOCKS, block_row
from services.traces.stored import StoredTrace

_MOST_POINTS, _MOST_NUMBERS = 2**14, 2**20


def compact(db: Database, after: str | None = None) -> Slice:
    """Join the blocks of the next runs that have succeeded; their points stay the same to the bit."""
    return walk(db, after, _compact, write=True)


def _compact(conn: Connection, run: Any) -> Care:
    care = Care()
    if run.state == "succeeded":  # others may still be written
        for _, trace in traces_of(conn, run.id):
            care.add(_trace(trace))
    return care


def _trace(trace: StoredTrace) -> Care:
    care = Care()
    for first, last, blocks in _groups(trace):
        care.looked_at += blocks
        if blocks == 1:
            continue
        try:
            values = trace.points(first, last)
        except TraceCorrupt as error:
            care.findings.append(str(error))
            continue
        begin, end = trace.step(first), trace.step(last - 1)
        trace.conn.execute(delete(BLOCKS).where(trace.blocks, BLOCKS.c.first_step.between(begin, end)))
        trace.conn.execute(insert(BLOCKS), block_row(trace.run_id, TraceBlock(trace.name, begin, trace.every, values)))
        care.changed += blocks
    return care


def _groups(trace: StoredTrace) -> Iterator[tuple[int, int, int]]:
    """Yield consecutive blocks that make one of bounded size: first point, last (exclusive), and how many they are."""
    most = max(1, min(_MOST_POINTS, _MOST_NUMBERS // int(np.prod(trace.size, dtype=np.int64))))
    first = last = blocks = 0
    for begins, ends in trace.block_steps():
        begin, end = begins // trace.every - 1, ends // trace.every
        if blocks and (begin != last or end - first > most):
            yield first, last, blocks
            blocks = 0
        first, last, blocks = (first if blocks else begin), end, blocks + 1
    if blocks:
        yield first, last, blocks
