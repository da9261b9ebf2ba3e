"""One run's trace in the database: its points, and its cells, from pages where there are any, else from finer cells."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Self

import numpy as np
from sqlalchemy import ColumnElement, Connection, bindparam, select

from ltd_core.trace import TraceInfo
from services.cache import Cache
from services.database.engine import store_of
from services.errors import TraceCorrupt
from services.traces.codec import Array
from services.traces.pyramid import FIGURES, QUANTILES, Cells, cells_of_cells, cells_of_points, figures_for
from services.traces.rows import BLOCKS, FACTOR, FACTOR_BITS, PAGES, decoded, figure_rows, figures_in, page_cells
from services.traces.starts import starts_of

logger = logging.getLogger(__name__)

_BLOCK = (BLOCKS.c.run_id == bindparam("run")) & (BLOCKS.c.trace == bindparam("name"))
_LAST = select(BLOCKS.c.last_step).where(_BLOCK).order_by(BLOCKS.c.first_step.desc()).limit(1)
_BEFORE = (
    select(BLOCKS.c.first_step)
    .where(_BLOCK, BLOCKS.c.first_step <= bindparam("begin"))
    .order_by(BLOCKS.c.first_step.desc())
    .limit(1)
    .scalar_subquery()
)
"""The first step of the block that holds a step, or of the one before it where there is a gap."""
_POINTS = (
    select(BLOCKS)
    .where(_BLOCK, BLOCKS.c.first_step >= _BEFORE, BLOCKS.c.first_step <= bindparam("end"))
    .order_by(BLOCKS.c.first_step)
)
_PAGES = (
    select(PAGES)
    .where(PAGES.c.run_id == bindparam("run"), PAGES.c.trace == bindparam("name"), PAGES.c.level == bindparam("level"))
    .where(PAGES.c.figure.in_(bindparam("names", expanding=True)))
    .where(PAGES.c.page.between(bindparam("begin"), bindparam("end")))
)
"""Built once: building a statement takes longer than running it."""

_pages: Cache[dict[str, Array]] = Cache(64 * 2**20)
"""Decoded pages, 64 MiB of them: 20 kB each of a curve, 130 of an array's figure."""


def forget() -> None:
    """Forget every decoded page: of a run that is deleted, another may come under the same id."""
    _pages.clear()


class TraceGap(TraceCorrupt):
    """Points of a trace are missing: damaged, or deleted by retention."""


@dataclass(frozen=True)
class StoredTrace:
    """A trace; point i (from 0) is at step (i + 1) * every; a cell of level L holds 32^L points."""

    conn: Connection
    run_id: str
    name: str
    every: int
    size: tuple[int, ...]
    store: str = ""
    """The database's URL, to cache its pages; empty in a transaction that writes."""

    @classmethod
    def declared(cls, conn: Connection, run_id: str, info: TraceInfo, *, cached: bool = False) -> Self:
        """Return a trace by its declaration; `cached` keeps its pages in memory."""
        return cls(conn, run_id, info.name, info.every, info.size, store_of(conn) if cached else "")

    @property
    def figures(self) -> tuple[str, ...]:
        """Return the figures of its cells; only curves have quantiles."""
        return FIGURES if self.size else (*FIGURES, QUANTILES)

    @cached_property
    def page(self) -> int:
        return page_cells(prod(self.size))

    @cached_property
    def total(self) -> int:
        """Return the number of points up to the last that is stored."""
        last_step = self.conn.execute(_LAST, self._key).scalar_one_or_none()
        return (last_step or 0) // self.every

    @cached_property
    def _key(self) -> dict[str, Any]:
        return {"run": self.run_id, "name": self.name}

    @cached_property
    def start(self) -> int:
        """Return the first point that was recorded: not 0 where the probe came to a run that was on its way."""
        return self._start[0]

    @cached_property
    def _start(self) -> tuple[int, str]:
        first_step, dtype = starts_of(self.conn, self.run_id).get(self.name, (self.every, ""))
        return first_step // self.every - 1, dtype

    @property
    def blocks(self) -> ColumnElement[bool]:
        return (BLOCKS.c.run_id == self.run_id) & (BLOCKS.c.trace == self.name)

    @property
    def pages(self) -> ColumnElement[bool]:
        return (PAGES.c.run_id == self.run_id) & (PAGES.c.trace == self.name)

    def block_steps(self) -> list[tuple[int, int]]:
        """Return the first and the last step of each block, in order."""
        steps = select(BLOCKS.c.first_step, BLOCKS.c.last_step).where(self.blocks).order_by(BLOCKS.c.first_step)
        return [(first, last) for first, last in self.conn.execute(steps)]

    def step(self, point: int) -> int:
        """Return the step of a point."""
        return (point + 1) * self.every

    def points(self, first: int, last: int) -> Array:
        """Return the points from index first to last (exclusive), NaN before `start`; raises TraceCorrupt."""
        rows = self.conn.execute(_POINTS, self._key | {"begin": self.step(first), "end": self.step(last - 1)}).all()
        if not rows and first < (start := self.start):
            before = np.full((min(start, last) - first, *self.size), np.nan, self._start[1])
            return before if last <= start else np.concatenate([before, self.points(start, last)])
        arrays = [decoded(row) for row in rows]
        begins = [row.first_step // self.every - 1 for row in rows]
        ends = [begin + len(array) for begin, array in zip(begins, arrays, strict=True)]
        if not rows or begins[0] > first or ends[-1] < last or begins[1:] != ends[:-1]:
            where = f"between steps {self.step(first)} and {self.step(last - 1)}"
            raise TraceGap(f"trace {self.name} of run {self.run_id} has a gap or an overlap {where}")
        return np.concatenate(arrays)[first - begins[0] : last - begins[0]]

    def cells(self, level: int, first: int, last: int, figures: Sequence[str]) -> Cells:
        """Return cells first to last (exclusive) of a level above 0; the last one of the trace may be incomplete.

        Pages are read where they exist; what no page holds (the end of a growing trace, a damaged page) is made of the
        cells of the level below, which does the same, down to the points.
        """
        needed, parts, position = figures_for(figures), [], first
        for number, page in self._read(level, first, last, needed):
            begin = number * self.page
            if begin > position:
                parts.append(self._from_finer(level, position, begin, needed).figures)
            end = begin + len(page[needed[0]])
            cut = slice(max(position - begin, 0), last - begin)
            parts.append(page if begin >= first and end <= last else {name: a[cut] for name, a in page.items()})
            position = min(end, last)
        if position < last:
            parts.append(self._from_finer(level, position, last, needed).figures)
        each = FACTOR**level
        counts = np.minimum(each, self.total - np.arange(first, last) * each)
        return Cells(counts, {name: np.concatenate([part[name] for part in parts]) for name in needed})

    def view(self, bits: int, first: int, last: int, figures: Sequence[str]) -> Cells:
        """Return the cells of 2^bits points that hold points first to last (exclusive)."""
        begin, end = first >> bits, -(-last >> bits)
        level, rest = divmod(bits, FACTOR_BITS)
        if level == 0:
            return cells_of_points(self.points(begin << bits, min(end << bits, self.total)), 1 << bits, figures)
        most = -(-self.total // FACTOR**level)
        cells = self.cells(level, begin << rest, min(end << rest, most), figures)
        return cells_of_cells(cells, 1 << rest, figures) if rest else cells

    def _from_finer(self, level: int, first: int, last: int, figures: Sequence[str]) -> Cells:
        begin, end = first * FACTOR, min(last * FACTOR, -(-self.total // FACTOR ** (level - 1)))
        if level == 1:
            return cells_of_points(self.points(begin, end), FACTOR, figures)
        return cells_of_cells(self.cells(level - 1, begin, end, figures), FACTOR, figures)

    def _read(self, level: int, first: int, last: int, figures: Sequence[str]) -> list[tuple[int, dict[str, Array]]]:
        """Return the sound pages that hold cells first to last, by their number; full ones come from the cache."""
        curve = not self.size
        rows = [name for name, members in figure_rows(curve=curve).items() if set(members) & set(figures)]
        begin, end = first // self.page, (last - 1) // self.page + 1
        keys = {number: (self.store, self.run_id, self.name, level, number, *rows) for number in range(begin, end)}
        pages = {number: page for number, key in keys.items() if self.store and (page := _pages.get(key))}
        missing = [number for number in keys if number not in pages]
        if missing:
            between = {"level": level, "names": rows, "begin": missing[0], "end": missing[-1]}
            for number, page in self._decoded(between, curve=curve).items():
                if not page.keys() >= set(figures):
                    continue
                pages[number] = page
                if self.store and len(page[figures[0]]) == self.page:  # a full page never changes
                    _pages.put(keys[number], page, sum(array.nbytes for array in page.values()))
        return sorted(pages.items())

    def _decoded(self, between: dict[str, Any], *, curve: bool) -> dict[int, dict[str, Array]]:
        pages: dict[int, dict[str, Array]] = {}
        for row in self.conn.execute(_PAGES, self._key | between):
            try:
                pages.setdefault(row.page, {}).update(figures_in(row, curve=curve))
            except TraceCorrupt as error:
                logger.warning("read without a page of the pyramid: %s", error)
        return pages
