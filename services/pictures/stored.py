"""The stored numbers of one run, as its pictures and their captions ask for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ltd_core.trace import TraceInfo
from services.database.engine import Database
from services.errors import TraceCorrupt
from services.traces import reading
from services.traces.codec import Array
from services.traces.reading import TraceView
from services.traces.stored import StoredTrace

_FIGURES = ("minimum", "maximum", "mean")
MOST_NUMBERS = 400_000
"""In one trace of a picture; a trace with later axes has fewer points."""


@dataclass(frozen=True)
class Stored:
    """The traces of a run between two steps, in at most `max_points` points or cells each."""

    db: Database
    run_id: str
    declared: Mapping[str, TraceInfo]
    summary: Mapping[str, float | None]
    start: int | None = None
    end: int | None = None
    max_points: int = 1000
    _views: dict[str, TraceView] = field(default_factory=dict)

    def view(self, trace: str) -> TraceView:
        """Return a trace, read once."""
        if trace not in self._views:
            info = self.declared[trace]
            most = max(1, min(self.max_points, MOST_NUMBERS // max(1, math.prod(info.size))))
            self._views[trace] = reading.read(
                self.db, self.run_id, info, start=self.start, end=self.end, max_points=most, figures=_FIGURES
            )
        return self._views[trace]

    def values(self, trace: str) -> Array:
        """Return its points, or the means of its cells, [points, *size]; none of what is not stored."""
        if trace not in self.declared:
            return np.empty(0)
        view = self.view(trace)
        values = view.mean if view.values is None else view.values
        return np.empty((0, *view.info.size)) if values is None else values

    def whole(self, trace: str) -> Array:
        """Return its points however coarse curves are drawn: means of cells have another distribution."""
        return replace(self, max_points=MOST_NUMBERS, _views={}).values(trace)

    def cut(self, trace: str, along: Sequence[str], at: Mapping[str, int]) -> Array:
        """Return its numbers along some axes, in that order, the others cut `at` a place: by default the last."""
        first, *others = self.declared[trace].axes
        places = tuple(slice(None) if axis in along else at.get(axis, -1) for axis in others)
        found = self.values(trace)[:, *places] if first in along else self._stored_at(trace, at.get(first, -1))[places]
        left = [axis for axis in (first, *others) if axis in along]
        return np.asarray(found, dtype=np.float64).transpose([left.index(axis) for axis in along])

    def _stored_at(self, trace: str, index: int) -> Array:
        """Return a stored point by its index, -1 for the last of what is drawn; its cell's mean where it is gone."""
        view, values, every = self.view(trace), self.values(trace), self.declared[trace].every
        begin = int(view.steps[0]) // every - 1 if len(values) else 0
        place = index if index >= 0 else begin + int(view.count.sum()) - 1
        cell = (place - begin) >> view.level
        there = 0 <= cell < len(values)
        found = None if there and not view.level else self._points(trace, place, 1) if place >= 0 else None
        return np.asarray(found[0] if found is not None else values[cell] if there else np.full(view.info.size, np.nan))

    def along(self, trace: str, axis: str) -> list[float | str]:
        """Return the coordinates of an axis; of the first, those of its points, a cell's in its middle."""
        view, info = self.view(trace), self.declared[trace]
        declared = list(info.along(axis))
        if axis != info.axes[0]:
            return declared
        if declared:
            return [declared[step // info.every - 1] for step in view.steps.tolist()]
        shift = (view.cell_steps - info.every) / 2 if view.level else 0
        return [step + shift for step in view.steps.tolist()]

    def metric(self, name: str) -> float | None:
        """Return a figure of the run's summary; None where it has none."""
        value = self.summary.get(name)
        return None if value is None else float(value)

    def point(self, trace: str, *index: int) -> float:
        """Return one stored number of a trace, by its indices; NaN where it is not there."""
        found = self._points(trace, index[0], 1)
        return math.nan if found is None else float(found[0][index[1:]])

    def line(self, trace: str, *index: int) -> list[float]:
        """Return the stored numbers along a trace's last axis, by the indices of the others; none where none are."""
        found = self._points(trace, index[0], 1)
        return [] if found is None else found[0][index[1:]].tolist()

    def highest(self, trace: str) -> tuple[float, float]:
        """Return the largest finite number of a trace, and the coordinate of its point."""
        if trace not in self.declared:
            return math.nan, math.nan
        whole = replace(self, start=None, end=None, _views={})
        view = whole.view(trace)
        largest = _largest(view.maximum if view.values is None else view.values)
        if not np.isfinite(largest).any():
            return math.nan, math.nan
        best, axis = int(largest.argmax()), view.info.axes[0]
        near = self._points(trace, best << view.level, 1 << view.level) if view.level else None
        if near is None:
            return float(largest[best]), float(whole.along(trace, axis)[best])
        place, declared = (best << view.level) + int(_largest(near).argmax()), view.info.along(axis)
        return float(largest[best]), float(declared[place] if declared else (place + 1) * view.info.every)

    def _points(self, trace: str, first: int, count: int) -> Array | None:
        """Return some stored points from an index on (-1: the last), however coarse a curve is drawn."""
        if trace not in self.declared:
            return None
        with self.db.read() as conn:
            stored = StoredTrace.declared(conn, self.run_id, self.declared[trace])
            begin = first + stored.total if first < 0 else first
            if not 0 <= begin < stored.total:
                return None
            with suppress(TraceCorrupt):  # damaged, or let go: there is no number to tell
                return stored.points(begin, min(begin + count, stored.total))
        return None


def _largest(values: Any) -> Array:
    """Return the largest finite number of each point, -inf where there is none."""
    found: Array = np.where(np.isfinite(values), values, -np.inf).reshape(len(values), -1).max(1)
    return found
