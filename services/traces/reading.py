"""Reading traces: which a run has, part of one at the resolution asked for, its stored points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, select

from ltd_core.trace import TraceInfo
from services.database.engine import Database
from services.database.models import Run, table
from services.errors import BadQuestion, NotFound
from services.specs import stored_traces
from services.traces.codec import Array
from services.traces.pyramid import FIGURES, QUANTILES
from services.traces.rows import BLOCKS, FACTOR_BITS, PAGES, decoded
from services.traces.starts import starts_of
from services.traces.stored import StoredTrace, TraceGap

RUNS = table(Run)
_SPEC = select(RUNS.c.spec).where(RUNS.c.id == bindparam("id"))


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

    @property
    def figures(self) -> dict[str, Array]:
        """Return the figures of its cells that were asked for; none at level 0."""
        figures = {name: getattr(self, name) for name in (*FIGURES, QUANTILES)}
        return {name: array for name, array in figures.items() if array is not None}


def read(  # noqa: PLR0913 - a question has this many parts
    db: Database,
    run_id: str,
    trace: str | TraceInfo,
    *,
    start: int | None = None,
    end: int | None = None,
    max_points: int = 2000,
    figures: Sequence[str] = FIGURES,
) -> TraceView:
    """Return a trace between two steps (inclusive) in the finest cells of 2^level points that are at most `max_points`.

    `trace` is its name, or its declaration where the caller has read the run's specification. Cells lie on a fixed
    grid, so those at the ends may reach beyond the range. Raises NotFound and BadQuestion.
    """
    if max_points < 1:
        raise BadQuestion("max_points", "must be at least 1", max_points)
    with db.read() as conn:
        info = named(declared_traces(conn, run_id), trace) if isinstance(trace, str) else trace
        stored = StoredTrace.declared(conn, run_id, info, cached=True)
        if wrong := set(figures) - set(stored.figures):
            raise BadQuestion("figures", f"must be some of: {', '.join(stored.figures)}", ",".join(sorted(wrong)))
        first = max(0, -(-(start if start is not None else 1) // info.every) - 1)
        last = min(stored.total, (end if end is not None else info.every * stored.total) // info.every)
        bits = 0
        while -(-last >> bits) - (first >> bits) > max_points:
            bits += 1
        try:
            return _view(stored, info, bits, slice(first, last), figures)
        except TraceGap:
            if bits >= FACTOR_BITS or not thinned(stored):
                raise
            return _view(stored, info, FACTOR_BITS, slice(first, last), figures)


def named(declared: Mapping[str, TraceInfo], name: str) -> TraceInfo:
    """Return a declaration; raises NotFound."""
    if name not in declared:
        raise NotFound("trace", name)
    return declared[name]


def declared_traces(conn: Connection, run_id: str) -> dict[str, TraceInfo]:
    """Return what a run's specification declares, by name; raises NotFound."""
    spec = conn.execute(_SPEC, {"id": run_id}).scalar_one_or_none()
    if spec is None:
        raise NotFound("run", run_id)
    return stored_traces(spec)


def traces_of(conn: Connection, run_id: str) -> list[tuple[TraceInfo, StoredTrace]]:
    """Return the declared traces of which points are stored; raises NotFound."""
    traces = [(info, StoredTrace.declared(conn, run_id, info)) for info in declared_traces(conn, run_id).values()]
    return [(info, trace) for info, trace in traces if trace.total]


def catalog(db: Database, run_id: str) -> list[dict[str, Any]]:
    """Return what is stored of a run, an entry for each trace, in the order of its declarations; raises NotFound."""
    with db.read() as conn:
        starts = starts_of(conn, run_id)
        return [_entry(info, trace.total, starts.get(info.name)) for info, trace in traces_of(conn, run_id)]


def points(db: Database, run_id: str, name: str) -> Iterator[tuple[int, Array]]:
    """Yield (first step, values) of the stored blocks of a trace, in order; raises TraceCorrupt at a damaged one."""
    after = 0
    while True:
        with db.read() as conn:
            rest = select(BLOCKS).where(BLOCKS.c.run_id == run_id, BLOCKS.c.trace == name, BLOCKS.c.first_step > after)
            row = conn.execute(rest.order_by(BLOCKS.c.first_step).limit(1)).one_or_none()
        if row is None:
            return
        after = row.first_step
        yield after, decoded(row)


def thinned(stored: StoredTrace) -> bool:
    """Say whether the finest points were deleted and the pyramid kept (see services.maintenance.retention)."""
    oldest = select(BLOCKS.c.first_step).where(stored.blocks).order_by(BLOCKS.c.first_step).limit(1)
    page = select(PAGES.c.page).where(stored.pages, PAGES.c.level == 1, PAGES.c.page == 0).limit(1)
    first = stored.conn.execute(oldest).scalar_one_or_none()
    from_start = first == stored.step(0) or first == stored.step(stored.start)
    return not from_start and stored.conn.execute(page).first() is not None


def _view(stored: StoredTrace, info: TraceInfo, bits: int, cut: slice, figures: Sequence[str]) -> TraceView:
    """Return the cells of 2^bits points that hold a range of points."""
    begin = cut.start >> bits
    if bits == 0:
        values = stored.points(cut.start, cut.stop) if cut.start < cut.stop else np.empty((0, *info.size))
        count, shown = np.ones(len(values), np.int64), {"values": values}
    else:
        cells = stored.view(bits, cut.start, cut.stop, figures)
        count, shown = cells.count, {name: cells.figures[name] for name in figures}
    steps = ((np.arange(begin, begin + len(count)) << bits) + 1) * info.every
    return TraceView(info, bits, info.every << bits, steps, count, **shown)


def _entry(info: TraceInfo, total: int, start: tuple[int, str] | None) -> dict[str, Any]:
    return {
        **info.described(),
        "description": info.description,
        "first_step": start[0] if start else info.every,
        "last_step": total * info.every,
        "points": total,
        "levels": total.bit_length(),
    }
