"""One run's trace in the database: its points, and its cells from pages, or from finer ones where no page is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Self

import numpy as np
from sqlalchemy import Connection, bindparam, select

from ltd_core.trace import TraceInfo
from services.cache import Cache
from services.database.engine import store_of
from services.errors import TraceCorrupt
from services.traces.codec import Array
from services.traces.pyramid import FIGURES, QUANTILES, Cells, cells_of_cells, cells_of_points, figures_for
from services.traces.rows import BLOCKS, FACTOR, FACTOR_BITS, PAGES, decoded, figure_rows, figures_in, page_cells

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
"""The first step of the block that holds a step, or of the one before the gap in which it is."""
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
"""Statements are built once: building them takes longer than running them."""


_kept: Cache[dict[str, Array]] = Cache(64 * 2**20)
"""Decoded pages, 64 MiB of them: 20 kB each of a curve, 130 of an array's figure."""


class TraceGap(TraceCorrupt):
    """Points of a trace are not there: damaged, or thinned out on purpose."""


@dataclass(frozen=True)
class StoredTrace:
    """A trace; point i (from 0) is at step (i + 1) * every; a cell of level L is of 32^L points."""

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
        """Return what the trace's cells keep: quantiles of curves alone."""
        return FIGURES if self.size else (*FIGURES, QUANTILES)

    @cached_property
    def page(self) -> int:
        """Return the number of cells on a page."""
        return page_cells(prod(self.size))

    @cached_property
    def total(self) -> int:
        """Return the number of points up to the last that is stored."""
        found = self.conn.execute(_LAST, self._key).scalar_one_or_none()
        return (found or 0) // self.every

    @cached_property
    def _key(self) -> dict[str, Any]:
        return {"run": self.run_id, "name": self.name}

    def step(self, point: int) -> int:
        """Return the step of a point."""
        return (point + 1) * self.every

    def points(self, first: int, last: int) -> Array:
        """Return the points from index first (inclusive) to last (exclusive); raises TraceCorrupt."""
        asked = self._key | {"begin": self.step(first), "end": self.step(last - 1)}
        rows = self.conn.execute(_POINTS, asked).all()
        arrays = [decoded(row) for row in rows]
        begins = [row.first_step // self.every - 1 for row in rows]
        ends = [begin + len(array) for begin, array in zip(begins, arrays, strict=True)]
        if not rows or begins[0] > first or ends[-1] < last or begins[1:] != ends[:-1]:
            where = f"between steps {self.step(first)} and {self.step(last - 1)}"
            raise TraceGap(f"trace {self.name} of run {self.run_id} has a gap or an overlap {where}")
        return np.concatenate(arrays)[first - begins[0] : last - begins[0]]

    def cells(self, level: int, first: int, last: int, figures: Sequence[str]) -> Cells:
        """Return cells first to last (exclusive) of a level above 0; the last one of the trace may be incomplete."""
        wanted, parts, at, page = figures_for(figures), [], first, self.page
        for number, found in self._pages(level, first, last, wanted):
            begin = number * page
            if begin > at:
                parts.append(self._finer(level, at, begin, wanted).figures)
            length = len(found[wanted[0]])
            whole = begin >= first and begin + length <= last
            cut = slice(max(at - begin, 0), last - begin)
            parts.append(found if whole else {name: array[cut] for name, array in found.items()})
            at = min(begin + length, last)
        if at < last:
            parts.append(self._finer(level, at, last, wanted).figures)
        each = FACTOR**level
        counts = np.minimum(each, self.total - np.arange(first, last) * each)
        return Cells(counts, {name: np.concatenate([part[name] for part in parts]) for name in wanted})

    def view(self, bits: int, first: int, last: int, figures: Sequence[str]) -> Cells:
        """Return the cells of 2^bits points that hold points first to last (exclusive)."""
        begin, end = first >> bits, -(-last >> bits)
        level, rest = divmod(bits, FACTOR_BITS)
        if level == 0:
            return cells_of_points(self.points(begin << bits, min(end << bits, self.total)), 1 << bits, figures)
        most = -(-self.total // FACTOR**level)
        cells = self.cells(level, begin << rest, min(end << rest, most), figures)
        return cells_of_cells(cells, 1 << rest, figures) if rest else cells

    def _finer(self, level: int, first: int, last: int, figures: Sequence[str]) -> Cells:
        """Return cells of a level made of the level below it."""
        begin, end = first * FACTOR, min(last * FACTOR, -(-self.total // FACTOR ** (level - 1)))
        if level == 1:
            return cells_of_points(self.points(begin, end), FACTOR, figures)
        return cells_of_cells(self.cells(level - 1, begin, end, figures), FACTOR, figures)

    def _pages(self, level: int, first: int, last: int, figures: Sequence[str]) -> list[tuple[int, dict[str, Array]]]:
        """Return the sound pages that hold cells first to last, by their number."""
        curve = not self.size
        names = [name for name, its in figure_rows(curve=curve).items() if set(its) & set(figures)]
        begin, end = first // self.page, (last - 1) // self.page + 1
        keys = {number: (self.store, self.run_id, self.name, level, number, *names) for number in range(begin, end)}
        found = {number: page for number, key in keys.items() if self.store and (page := _kept.get(key))}
        missing = [number for number in keys if number not in found]
        if missing:
            asked = {"level": level, "names": names, "begin": missing[0], "end": missing[-1]}
            read = self._read_pages(asked, curve=curve).items()
            sound = {number: page for number, page in read if page.keys() >= set(figures)}
            for number, page in sound.items():
                if self.store and len(page[figures[0]]) == self.page:  # it never changes
                    _kept.put(keys[number], page, sum(array.nbytes for array in page.values()))
            found |= sound
        return sorted(found.items())

    def _read_pages(self, asked: dict[str, Any], *, curve: bool) -> dict[int, dict[str, Array]]:
        found: dict[int, dict[str, Array]] = {}
        for row in self.conn.execute(_PAGES, self._key | asked):
            try:
                found.setdefault(row.page, {}).update(figures_in(row, curve=curve))
            except TraceCorrupt as error:
                logger.warning("read without a page of the pyramid: %s", error)
        return found
