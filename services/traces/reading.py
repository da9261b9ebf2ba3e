"""Gradient traces in the database: blocks of arrays, written with their pyramid, read at the resolution asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from services.database.models import Run, table
from services.database.rows import upsert
from services.errors import BadQuestion, NotFound, TraceConflict, TraceCorrupt
from services.specs import stored_traces
from services.traces.pyramid import FIGURES, Cells
from services.traces.rows import BLOCKS, FACTOR, FACTOR_BITS, PAGES, block_row, decoded, page_rows, place
from services.traces.stored import StoredTrace, TraceGap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from ltd_core.trace import TraceBlock, TraceInfo
    from services.database.engine import Database
    from services.traces.codec import Array

logger = logging.getLogger(__name__)
RUNS = table(Run)
_SPEC = select(RUNS.c.spec).where(RUNS.c.id == bindparam("id"))
KEY = ("run_id", "trace", "first_step")


@dataclass(frozen=True, slots=True)
class TraceView:
    """Part of a trace, in cells of 2^level points. At level 0 `values` is set; above it the figures asked for are."""

    info: TraceInfo
    level: int
    cell_steps: int
    steps: Array
    count: Array
    values: Array | None = None
    minimum: Array | None = None
    maximum: Array | None = None
    mean: Array | None = None
    last: Array | None = None
    nonfinite: Array | None = None
    quantiles: Array | None = None


def append(conn: Connection, blocks: Mapping[str, Sequence[TraceBlock]]) -> None:
    """Store blocks, by run, and every page that they complete, inside the caller's transaction.

    A block that is there already is left; raises TraceConflict when its bytes are others.
    """
    rows = [block_row(run_id, block) for run_id, its in blocks.items() for block in its]
    if not rows:
        return
    try:
        with conn.begin_nested():
            conn.execute(insert(BLOCKS), rows)
    except IntegrityError:
        for row in rows:
            _insert_same(conn, row)
    for run_id, its in blocks.items():
        for block in its:
            stored = StoredTrace(conn, run_id, block.name, block.every, block.values.shape[1:])
            first = block.first_step // block.every - 1
            add_pages(stored, first, first + len(block.values))


def add_pages(stored: StoredTrace, first: int, last: int) -> None:
    """Store the pages that points first to last (exclusive) complete; what is damaged is left to be found."""
    level, span = 1, stored.page * FACTOR
    while (begin := first // span) < (end := last // span):
        for number in range(begin, end):
            try:
                add_page(stored, level, number)
            except TraceCorrupt as error:
                logger.warning("level %d, page %d of the pyramid is left out: %s", level, number, error)
        level, span = level + 1, span * FACTOR


def add_page(stored: StoredTrace, level: int, number: int, last: int | None = None) -> None:
    """Store a page, up to a cell (exclusive) where its trace ends within it; raises TraceCorrupt."""
    cells = number * stored.page, (number + 1) * stored.page if last is None else last
    made = stored.cells(level, *cells, stored.figures)
    upsert(stored.conn, PAGES, page_rows(stored.run_id, stored.name, level, number, made), replace=())


def catalog(db: Database, run_id: str) -> list[dict[str, Any]]:
    """Return what is stored of a run, a row a trace, in the order of its declarations; raises NotFound."""
    with db.read() as conn:
        declared = declared_traces(conn, run_id)
        stored = [(info, StoredTrace(conn, run_id, info.name, info.every, info.size)) for info in declared.values()]
        return [_entry(info, its.total) for info, its in stored if its.total]


def read(db: Database, run_id: str, name: str, **asked: Any) -> TraceView:
    """Return part of a trace by its name, as `part` does; raises NotFound and BadQuestion."""
    with db.read() as conn:
        declared = declared_traces(conn, run_id)
    return part(db, run_id, named(declared, name), **asked)


def named(declared: Mapping[str, TraceInfo], name: str) -> TraceInfo:
    """Return a declaration; raises NotFound."""
    if name not in declared:
        raise NotFound("trace", name)
    return declared[name]


def part(  # noqa: PLR0913 - a question has this many parts
    db: Database,
    run_id: str,
    info: TraceInfo,
    *,
    start: int | None = None,
    end: int | None = None,
    max_points: int = 2000,
    figures: Sequence[str] = FIGURES,
) -> TraceView:
    """Return a trace between two steps (inclusive) in the finest cells of 2^level points that are at most `max_points`.

    Cells lie on a fixed grid, so those at the ends may reach beyond the range. Raises BadQuestion.
    """
    if max_points < 1:
        raise BadQuestion("max_points", "must be at least 1", max_points)
    with db.read() as conn:
        stored = StoredTrace(conn, run_id, info.name, info.every, info.size, db.url)
        if wrong := set(figures) - set(stored.figures):
            raise BadQuestion("figures", f"must be some of: {', '.join(stored.figures)}", ",".join(sorted(wrong)))
        first = max(0, -(-(start if start is not None else 1) // info.every) - 1)
        last = min(stored.total, (end if end is not None else info.every * stored.total) // info.every)
        if first >= last:
            return _points_view(info, 0, np.empty((0, *info.size)))
        bits = 0
        while -(-last >> bits) - (first >> bits) > max_points:
            bits += 1
        try:
            return _view(stored, info, bits, slice(first, last), figures)
        except TraceGap:
            if bits >= FACTOR_BITS or not thinned(stored):
                raise
            return _view(stored, info, FACTOR_BITS, slice(first, last), figures)


def points(db: Database, run_id: str, name: str) -> Iterator[tuple[int, Array]]:
    """Yield (first step, values) of the stored blocks of a trace, in order; raises TraceCorrupt at a damaged one."""
    after = 0
    while True:
        with db.read() as conn:
            mine = select(BLOCKS).where(BLOCKS.c.run_id == run_id, BLOCKS.c.trace == name, BLOCKS.c.first_step > after)
            row = conn.execute(mine.order_by(BLOCKS.c.first_step).limit(1)).one_or_none()
        if row is None:
            return
        after = row.first_step
        yield after, decoded(row)


def thinned(stored: StoredTrace) -> bool:
    """Say whether the finest points were let go and the pyramid kept (see services.maintenance.retention)."""
    mine = select(BLOCKS.c.first_step).where(BLOCKS.c.run_id == stored.run_id, BLOCKS.c.trace == stored.name)
    oldest = stored.conn.execute(mine.order_by(BLOCKS.c.first_step).limit(1)).scalar_one_or_none()
    page = select(PAGES.c.page).where(
        PAGES.c.run_id == stored.run_id, PAGES.c.trace == stored.name, PAGES.c.level == 1, PAGES.c.page == 0
    )
    return oldest != stored.step(0) and stored.conn.execute(page.limit(1)).first() is not None


def declared_traces(conn: Connection, run_id: str) -> dict[str, TraceInfo]:
    """Return what a run's specification declares, by name; raises NotFound."""
    said = conn.execute(_SPEC, {"id": run_id}).scalar_one_or_none()
    if said is None:
        raise NotFound("run", run_id)
    return stored_traces(said)


def _insert_same(conn: Connection, row: dict[str, Any]) -> None:
    """Insert a row, or see that the one that is there says the same."""
    key = and_(*(BLOCKS.c[name] == row[name] for name in KEY))
    known = conn.execute(select(BLOCKS.c.checksum).where(key)).scalar_one_or_none()
    if known is None:
        conn.execute(insert(BLOCKS), row)
    elif known != row["checksum"]:
        msg = f"{place(row)}: other bytes are stored"
        raise TraceConflict(msg)


def _view(stored: StoredTrace, info: TraceInfo, bits: int, cut: slice, figures: Sequence[str]) -> TraceView:
    if bits == 0:
        return _points_view(info, cut.start, stored.points(cut.start, cut.stop))
    return _cells_view(info, bits, cut.start >> bits, stored.view(bits, cut.start, cut.stop, figures), figures)


def _points_view(info: TraceInfo, first: int, values: Array) -> TraceView:
    steps = (np.arange(first, first + len(values)) + 1) * info.every
    return TraceView(info, 0, info.every, steps, np.ones(len(values), np.int64), values=values)


def _cells_view(info: TraceInfo, bits: int, first: int, cells: Cells, figures: Sequence[str]) -> TraceView:
    steps = ((np.arange(first, first + len(cells)) << bits) + 1) * info.every
    shown = {name: cells.figures[name] for name in figures}
    return TraceView(info, bits, info.every << bits, steps, cells.count, **shown)


def _entry(info: TraceInfo, total: int) -> dict[str, Any]:
    return {
        "name": info.name,
        "unit": info.unit,
        "axes": list(info.axes),
        "every": info.every,
        "size": list(info.size),
        "description": info.description,
        "first_step": info.every,
        "last_step": total * info.every,
        "points": total,
        "levels": total.bit_length(),
    }
