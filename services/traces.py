"""Gradient traces in the database: blocks of arrays, written with their pyramid, read at the resolution asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from sqlalchemy import and_, func, insert, select
from sqlalchemy.exc import IntegrityError

from ltd_core.spec import parse_spec
from services.errors import BadQuestion, NotFound, TraceConflict, TraceCorrupt
from services.models import Run, TraceBlockRow, table
from services.pyramid import FACTOR, LAST, MAXIMUM, MEAN, MINIMUM, NONFINITE, as_cells, cells_of_cells, cells_of_points
from services.trace_codec import Array, checksum, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from ltd_core.trace import TraceBlock, TraceInfo
    from services.db import Database

BLOCKS, RUNS = table(TraceBlockRow), table(Run)
KEY = ("run_id", "trace", "level", "first_step")


@dataclass(frozen=True, slots=True)
class TraceView:
    """Part of a trace at one level. At level 0 `values` is set; above it the five figures of each cell are."""

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


@dataclass(frozen=True, slots=True)
class _Trace:
    """One run's trace; point i (from 0) is at step (i + 1) * every."""

    conn: Connection
    run_id: str
    name: str
    every: int

    def step(self, point: int) -> int:
        return (point + 1) * self.every

    def load(self, level: int, first: int, last: int) -> Array:
        """Return the points or cells from index first (inclusive) to last (exclusive)."""
        each = FACTOR**level
        rows = self.conn.execute(
            select(BLOCKS)
            .where(BLOCKS.c.run_id == self.run_id, BLOCKS.c.trace == self.name, BLOCKS.c.level == level)
            .where(BLOCKS.c.first_step <= self.step(last * each - 1), BLOCKS.c.last_step >= self.step(first * each))
            .order_by(BLOCKS.c.first_step)
        ).all()
        arrays = [_decoded(row) for row in rows]
        begins = [(row.first_step // self.every - 1) // each for row in rows]
        ends = [begin + _length(array, level) for begin, array in zip(begins, arrays, strict=True)]
        if not rows or begins[0] > first or ends[-1] < last or begins[1:] != ends[:-1]:
            where = f"level {level} between steps {self.step(first * each)} and {self.step(last * each - 1)}"
            raise TraceCorrupt(f"trace {self.name} of run {self.run_id} has a gap or an overlap in {where}")
        axis = 0 if level == 0 else 1
        joined = np.concatenate(arrays, axis=axis)
        cut = slice(first - begins[0], last - begins[0])
        return joined[cut] if level == 0 else joined[:, cut]


def append(conn: Connection, blocks: Mapping[str, Sequence[TraceBlock]]) -> None:
    """Store blocks, by run, and every cell that they complete, inside the caller's transaction.

    A block that is there already is left; raises TraceConflict when its bytes are others.
    """
    rows = [
        row
        for run_id, its in blocks.items()
        for block in its
        for row in _rows(_Trace(conn, run_id, block.name, block.every), block)
    ]
    if not rows:
        return
    try:
        with conn.begin_nested():
            conn.execute(insert(BLOCKS), rows)
    except IntegrityError:
        for row in rows:
            _insert_same(conn, row)


def catalog(db: Database, run_id: str) -> list[dict[str, Any]]:
    """Return what is stored of a run, a row a trace, in the order of its declarations; raises NotFound."""
    with db.read() as conn:
        declared = _declared(conn, run_id)
        query = select(
            BLOCKS.c.trace, func.min(BLOCKS.c.first_step), func.max(BLOCKS.c.last_step), func.max(BLOCKS.c.level)
        ).where(BLOCKS.c.run_id == run_id)
        found = {row[0]: row for row in conn.execute(query.group_by(BLOCKS.c.trace))}
    return [_entry(info, *found[name][1:]) for name, info in declared.items() if name in found]


def read(  # noqa: PLR0913 - a question has this many parts
    db: Database, run_id: str, name: str, *, start: int | None = None, end: int | None = None, max_points: int = 2000
) -> TraceView:
    """Return a trace between two steps (inclusive) at the finest level with at most `max_points` cells.

    Cells lie on a fixed grid, so those at the ends may reach beyond the range. Raises NotFound and BadQuestion.
    """
    if max_points < 1:
        raise BadQuestion("max_points", "must be at least 1", max_points)
    with db.read() as conn:
        info = _declared(conn, run_id).get(name)
        if info is None:
            raise NotFound("trace", name)
        stored = conn.execute(
            select(func.max(BLOCKS.c.last_step)).where(
                BLOCKS.c.run_id == run_id, BLOCKS.c.trace == name, BLOCKS.c.level == 0
            )
        ).scalar_one()
        points = (stored or 0) // info.every
        first = max(0, -(-(start if start is not None else 1) // info.every) - 1)
        last = min(points, (end if end is not None else info.every * points) // info.every)
        if first >= last:
            return _view(info, 0, 0, np.empty((0, *info.size)), points)
        level = 0
        while -(-last // FACTOR**level) - first // FACTOR**level > max_points:
            level += 1
        trace = _Trace(conn, run_id, name, info.every)
        if level == 0:
            return _view(info, 0, first, trace.load(0, first, last), points)
        each = FACTOR**level
        return _view(info, level, first // each, _cells(trace, level, first // each, -(-last // each), points), points)


def _rows(trace: _Trace, block: TraceBlock) -> list[dict[str, Any]]:
    """Return the rows of a block: its points, then the complete cells of each level for as long as there are any."""
    first = block.first_step // block.every - 1
    rows = [_row(trace, 0, first, block.values)]
    made, level = block.values, 0
    while True:
        begin, end = first // FACTOR, (first + _length(made, level)) // FACTOR  # of the cells that are complete now
        if end <= begin:
            return rows
        if first % FACTOR:
            before = trace.load(level, begin * FACTOR, first)
            made = np.concatenate([before, made], axis=0 if level == 0 else 1)
        count = (end - begin) * FACTOR
        made = cells_of_points(made[:count]) if level == 0 else cells_of_cells(made[:, :count], FACTOR**level)
        level, first = level + 1, begin
        rows.append(_row(trace, level, first, made))


def _length(array: Array, level: int) -> int:
    return int(array.shape[0] if level == 0 else array.shape[1])


def _row(trace: _Trace, level: int, first: int, array: Array) -> dict[str, Any]:
    each, count = FACTOR**level, _length(array, level)
    payload = encode(array)
    return {
        "run_id": trace.run_id,
        "trace": trace.name,
        "level": level,
        "first_step": trace.step(first * each),
        "last_step": trace.step((first + count) * each - 1),
        "every": trace.every,
        "count": count,
        "dtype": array.dtype.str,
        "shape": orjson.dumps(array.shape).decode(),
        "checksum": checksum(payload),
        "payload": payload,
    }


def _insert_same(conn: Connection, row: dict[str, Any]) -> None:
    """Insert a row, or see that the one that is there says the same."""
    key = and_(*(BLOCKS.c[name] == row[name] for name in KEY))
    known = conn.execute(select(BLOCKS.c.checksum).where(key)).scalar_one_or_none()
    if known is None:
        conn.execute(insert(BLOCKS), row)
    elif known != row["checksum"]:
        msg = f"{_place(row)}: other bytes are stored"
        raise TraceConflict(msg)


def _place(row: Mapping[str, Any]) -> str:
    """Return which block a row is, in words."""
    return f"trace {row['trace']} of run {row['run_id']}, level {row['level']}, step {row['first_step']}"


def _decoded(row: Any) -> Array:  # noqa: ANN401 - SQLAlchemy's row
    payload, place = bytes(row.payload), _place(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    if checksum(payload) != row.checksum:
        raise TraceCorrupt(f"{place}: the checksum does not match")
    try:
        return decode(payload, row.dtype, tuple(orjson.loads(row.shape)))
    except (TypeError, ValueError) as error:
        raise TraceCorrupt(f"{place}: {row.dtype} of shape {row.shape} does not fit its bytes") from error


def _cells(trace: _Trace, level: int, first: int, last: int, points: int) -> Array:
    """Return cells first .. last of a level, the last one made of finer cells where the trace ends inside it."""
    complete = min(last, points // FACTOR**level)
    parts = [trace.load(level, first, complete)] if complete > first else []
    if complete < last:
        parts.append(_tail(trace, level, max(first, complete), points))
    return np.concatenate(parts, axis=1)


def _tail(trace: _Trace, level: int, cell: int, points: int) -> Array:
    """Return the incomplete cell at the end of a trace."""
    place, parts, each = cell * FACTOR**level, [], []
    for finer in range(level - 1, -1, -1):
        size = FACTOR**finer
        first, last = place // size, points // size
        if last > first:
            found = trace.load(finer, first, last)
            parts.append(found if finer else as_cells(found))
            each += [size] * (last - first)
            place = last * size
    joined = np.concatenate(parts, axis=1)
    return cells_of_cells(joined, np.array(each), len(each))


def _view(info: TraceInfo, level: int, first: int, array: Array, points: int) -> TraceView:
    each = FACTOR**level
    cells = np.arange(first, first + _length(array, level))
    steps = (cells * each + 1) * info.every
    count = np.minimum(each, points - cells * each)
    if level == 0:
        return TraceView(info, 0, info.every, steps, count, values=array)
    figures = {"minimum": MINIMUM, "maximum": MAXIMUM, "mean": MEAN, "last": LAST}
    named = {name: array[place] for name, place in figures.items()}
    return TraceView(info, level, each * info.every, steps, count, **named, nonfinite=array[NONFINITE].astype(np.int64))


def _declared(conn: Connection, run_id: str) -> dict[str, TraceInfo]:
    stored = conn.execute(select(RUNS.c.spec).where(RUNS.c.id == run_id)).scalar_one_or_none()
    if stored is None:
        raise NotFound("run", run_id)
    return {info.name: info for info in parse_spec(orjson.loads(stored), stored=True).traces()}


def _entry(info: TraceInfo, first: int, last: int, level: int) -> dict[str, Any]:
    return {
        "name": info.name,
        "unit": info.unit,
        "axes": list(info.axes),
        "every": info.every,
        "size": list(info.size),
        "description": info.description,
        "first_step": first,
        "last_step": last,
        "points": last // info.every,
        "levels": level + 1,
    }
