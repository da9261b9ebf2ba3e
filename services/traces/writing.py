"""Storing traces: blocks of points, and in the same transaction the pages of the pyramid that they complete."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, insert, select
from sqlalchemy.exc import IntegrityError

from ltd_core.trace import TraceBlock
from services.database.rows import upsert
from services.errors import TraceConflict, TraceCorrupt
from services.traces.rows import BLOCKS, FACTOR, PAGES, block_row, name_of, page_rows
from services.traces.stored import StoredTrace

logger = logging.getLogger(__name__)
_KEY = ("run_id", "trace", "first_step")


def append(conn: Connection, blocks: Mapping[str, Sequence[TraceBlock]]) -> None:
    """Store blocks, by run, and every page that they complete, inside the caller's transaction.

    A block that is stored already is left; raises TraceConflict when its bytes differ.
    """
    pairs = [(run_id, block) for run_id, own in blocks.items() for block in own]
    if not pairs:
        return
    rows = [block_row(run_id, block) for run_id, block in pairs]
    try:
        with conn.begin_nested():
            conn.execute(insert(BLOCKS), rows)
    except IntegrityError:
        for row in rows:
            _insert_same(conn, row)
    for run_id, block in pairs:
        stored = StoredTrace(conn, run_id, block.name, block.every, block.values.shape[1:])
        first = block.first_step // block.every - 1
        _add_pages(stored, first, first + len(block.values))


def add_page(stored: StoredTrace, level: int, number: int, last: int | None = None) -> None:
    """Store a page, up to a cell (exclusive) where its trace ends within it; raises TraceCorrupt."""
    ends = number * stored.page, (number + 1) * stored.page if last is None else last
    cells = stored.cells(level, *ends, stored.figures)
    upsert(stored.conn, PAGES, page_rows(stored.run_id, stored.name, level, number, cells), replace=())


def _add_pages(stored: StoredTrace, first: int, last: int) -> None:
    """Store the pages that points first to last (exclusive) complete; a damaged one is left to `repair`."""
    level, span = 1, stored.page * FACTOR
    while (begin := first // span) < (end := last // span):
        for number in range(begin, end):
            try:
                add_page(stored, level, number)
            except TraceCorrupt as error:
                logger.warning("level %d, page %d of the pyramid is left out: %s", level, number, error)
        level, span = level + 1, span * FACTOR


def _insert_same(conn: Connection, row: dict[str, Any]) -> None:
    """Insert a row, or check that the stored one has the same bytes."""
    key = and_(*(BLOCKS.c[name] == row[name] for name in _KEY))
    stored = conn.execute(select(BLOCKS.c.checksum).where(key)).scalar_one_or_none()
    if stored is None:
        conn.execute(insert(BLOCKS), row)
    elif stored != row["checksum"]:
        raise TraceConflict(f"{name_of(row)}: other bytes are stored")
