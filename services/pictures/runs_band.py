"""The lines of several runs along one axis, on common points: their median, and the band that most lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ltd_core.picture import Curve
from services.pictures import palette
from services.pictures.layers import FEW
from services.pictures.sides import Sides
from services.pictures.stored import Stored
from services.traces.codec import Array

_FEW_RUNS = 5
"""Of fewer, all lie in the band."""
_LAST = 1001
"""In the legend: after the groups."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Runs on common points: `values` is [runs, points], NaN where a run has none."""

    x: list[float | str]
    values: Array
    points: int = 1
    """Stored points in one that is drawn."""
    ends: tuple[tuple[float, float], ...] = ()
    """The last points of runs that end before others."""
    sparse: bool = False
    """Whether points between those that are drawn were left out, since all runs are exactly zero there."""

    @property
    def runs(self) -> int:
        """Return the number of runs."""
        return len(self.values)

    @property
    def _half(self) -> Array:
        """Return the values where at least half of the runs have one: a median of the few that go on says little."""
        return np.where(2 * np.count_nonzero(~np.isnan(self.values), axis=0) >= self.runs, self.values, np.nan)

    def traces(self, name: str, line: dict[str, Any], sides: Sides, *, shaded: bool = False) -> list[dict[str, Any]]:
        """Return what Plotly draws: the median, and of several runs the band and where one ends."""
        mode = "lines+markers" if len(self.x) <= FEW and shaded else "lines"
        main = sides.line(self.x, quantile(self._half, 0.5), mode, name=name, line=line, marker={"size": 6})
        if not shaded or self.runs == 1:
            return [main]
        few, color = self.runs < _FEW_RUNS, palette.faint(line["color"], 0.16)
        told = f"lowest to highest of {self.runs} runs" if few else f"middle 80 % of {self.runs} runs"
        low, high = (quantile(self._half, q) for q in ((0.0, 1.0) if few else (0.1, 0.9)))
        band = sides.area(self.x, low, high, color, name=told, legendrank=_LAST)
        if not self.ends:
            return [*band, main]
        ring, (x, y) = {"symbol": "circle-open", "size": 8, "color": line["color"]}, zip(*self.ends, strict=True)
        return [*band, main, sides.line(x, y, "markers", name="a run ends", marker=ring, legendrank=_LAST)]


def lines_of(curve: Curve, runs: Sequence[Stored]) -> Lines:
    """Return a curve of several runs on the coarsest points that one of them has; raises nothing for what is absent."""
    there = [run for run in runs if curve.trace in run.declared and len(run.view(curve.trace).steps)]
    if not there:
        return Lines([], np.empty((1, 0)))
    cut = [run.cut(curve.trace, (curve.along,), curve.at) for run in there]
    info = there[0].declared[curve.trace]
    if curve.along != info.axes[0] or info.along(curve.along):
        x = max((run.along(curve.trace, curve.along) for run in there), key=len)
        padded = [np.pad(values, (0, len(x) - len(values)), constant_values=np.nan) for values in cut]
        return _without_zeros(Lines(x, np.stack(padded)))
    return _on_cells(curve, there, cut)


def quantile(values: Array, share: float) -> Array:
    """Return a quantile over runs of what is there; between infinite values, the lower of two neighbors."""
    with np.errstate(invalid="ignore"):
        there = ~np.isnan(values).all(0)
        found = np.full(values.shape[1], np.nan)
        found[there] = np.nanquantile(values[:, there], share, axis=0)
        between = there & np.isnan(found)
        found[between] = np.nanquantile(values[:, between], share, axis=0, method="lower")
    return found


def _without_zeros(lines: Lines) -> Lines:
    """Leave out the zeros, as numbers or as logarithms, between points that each stand alone: lines join the others."""
    there = (np.isfinite(lines.values) & (lines.values != 0)).any(0)
    if not there.any() or (there[1:] & there[:-1]).any():
        return lines
    return Lines([x for x, kept in zip(lines.x, there, strict=True) if kept], lines.values[:, there], sparse=True)


def _on_cells(curve: Curve, runs: Sequence[Stored], cut: Sequence[Array]) -> Lines:
    """Return the means of cells of steps that are the same for all runs: a shorter run has finer cells of its own."""
    views = [run.view(curve.trace) for run in runs]
    every, last = views[0].info.every, max(int(view.steps[-1]) for view in views)
    width = max(view.cell_steps for view in views)
    while curve.bins and last / width > 2 * curve.bins:
        width *= 2
    count = (last - every) // width + 1
    values = np.full((len(runs), count), np.nan)
    for row, view, line in zip(values, views, cut, strict=True):
        cells = (view.steps - every) // width
        used, starts = np.unique(cells, return_index=True)
        row[used] = np.add.reduceat(line, starts) / np.diff(np.append(starts, len(line)))
    there = ~np.isnan(values).all(0)
    x, values = (np.arange(count) * width + every + (width - every) / 2)[there], values[:, there]
    last_points = [(line, i) for line in values for i in np.flatnonzero(np.isfinite(line))[-1:]]
    ends = tuple((float(x[i]), float(line[i])) for line, i in last_points if i < len(x) - 1)
    return Lines(x.tolist(), values, width // every, ends)
