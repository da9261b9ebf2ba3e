"""The stored numbers of one run, as its pictures and their captions ask for them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from services.traces import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.trace import TraceInfo
    from services.database.engine import Database
    from services.traces.codec import Array
    from services.traces.reading import TraceView

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

    def along(self, trace: str, axis: str) -> list[float | str]:
        """Return the coordinates of an axis; of the first, those of its points, a cell's in its middle."""
        view, info = self.view(trace), self.declared[trace]
        if axis != info.axes[0]:
            return list(info.along(axis))
        declared = info.along(axis)
        if declared:
            return [declared[step // info.every - 1] for step in view.steps.tolist()]
        shift = (view.cell_steps - info.every) / 2 if view.level else 0
        return [step + shift for step in view.steps.tolist()]

    def metric(self, name: str) -> float | None:
        """Return a figure of the run's summary; None where it has none."""
        value = self.summary.get(name)
        return None if value is None else float(value)

    def point(self, trace: str, *index: int) -> float:
        """Return one number of a trace, by its indices; NaN where nothing is stored."""
        values = self.values(trace)
        return float(values[index]) if len(values) else math.nan

    def line(self, trace: str, *index: int) -> list[float]:
        """Return the numbers along a trace's last axis, by the indices of the others; none where nothing is stored."""
        values = self.values(trace)
        return [float(value) for value in values[index]] if len(values) else []

    def highest(self, trace: str) -> tuple[float, float]:
        """Return the largest finite number of a trace, and the coordinate of its point."""
        if trace not in self.declared:
            return math.nan, math.nan
        view = self.view(trace)
        values = view.maximum if view.values is None else view.values
        if values is None or not np.isfinite(values).any():
            return math.nan, math.nan
        flat = np.where(np.isfinite(values), values, -np.inf).reshape(len(values), -1).max(1)
        best = int(flat.argmax())
        return float(flat[best]), float(self.along(trace, view.info.axes[0])[best])


_FIGURES = ("minimum", "maximum", "mean")
