"""The lines of several runs along one axis, on common points: their median, and the band that most lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ltd_core.picture import Curve
from services.pictures import palette
from services.pictures.sides import Sides
from services.pictures.stored import Stored
from services.traces.codec import Array

_FEW_RUNS = 5
"""Of fewer, all lie in the band."""
_LAST = 1001
"""In the legend: after the groups."""
_FEW_POINTS = 16
"""So few points are marked one by one."""


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

    def traces(self, name: str, line: dict[str, Any], sides: Sides, *, shaded: bool) -> list[dict[str, Any]]:
        """Return what Plotly draws: the median, and of several runs the band and where one ends."""
        x = sides.on("x", self.x)
        marked = "lines+markers" if len(self.x) <= _FEW_POINTS and shaded else "lines"
        main = {"type": "scatter", "x": x, "mode": marked, "name": name, "line": line, "marker": {"size": 6}}
        main["y"] = sides.on("y", quantile(self._half, 0.5))
        if not shaded or self.runs == 1:
            return [main]
        few = self.runs < _FEW_RUNS
        told = f"lowest to highest of {self.runs} runs" if few else f"middle 80 % of {self.runs} runs"
        low, high = (sides.on("y", quantile(self._half, q)) for q in ((0.0, 1.0) if few else (0.1, 0.9)))
        edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
        fill = {"fill": "tonexty", "fillcolor": palette.faint(line["color"], 0.16), "name": told, "legendrank": _LAST}
        return [edge | {"y": low}, edge | {"y": high} | fill, main, *self._rings(line, sides)]

    def _rings(self, line: dict[str, Any], sides: Sides) -> list[dict[str, Any]]:
        if not self.ends:
            return []
        x, y = (
            sides.on(side, np.array(places)) for side, places in zip("xy", zip(*self.ends, strict=True), strict=True)
        )
        ring = {"symbol": "circle-open", "size": 8, "color": line["color"]}
        return [
            {
                "type": "scatter",
                "mode": "markers",
                "x": x,
                "y": y,
                "name": "a run ends",
                "marker": ring,
                "legendrank": _LAST,
            }
        ]


def lines_of(curve: Curve, runs: Sequence[Stored]) -> Lines:
    """Return a curve of several runs on the coarsest points that one of them has; raises nothing for what is absent."""
    there = [run for run in runs if curve.trace in run.declared and len(run.view(curve.trace).steps)]
    if not there:
        return Lines([], np.empty((1, 0)))
    cut = [_cut(curve, run) for run in there]
    info = there[0].declared[curve.trace]
    if curve.along != info.axes[0] or info.along(curve.along):
        longest = max(there, key=lambda run: len(run.along(curve.trace, curve.along)))
        x = longest.along(curve.trace, curve.along)
        return _without_zeros(Lines(x, np.stack([_padded(values, len(x)) for values in cut])))
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


def _cut(curve: Curve, run: Stored) -> Array:
    """Return the values along a curve, every other axis cut where it says, at its last place by default."""
    return np.asarray(run.cut(curve.trace, {curve.along}, curve.at), dtype=np.float64)


def _padded(values: Array, length: int) -> Array:
    return np.append(values, np.full(length - len(values), np.nan))


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
    x = np.arange(count) * width + every + (width - every) / 2
    there = ~np.isnan(values).all(0)
    return Lines(x[there].tolist(), values[:, there], width // every, _ends(x[there], values[:, there]))


def _ends(x: Array, values: Array) -> tuple[tuple[float, float], ...]:
    """Return the last finite points of runs that have none at the end."""
    ends = []
    for line in values:
        finite = np.flatnonzero(np.isfinite(line))
        if len(finite) and finite[-1] < len(x) - 1:
            ends.append((float(x[finite[-1]]), float(line[finite[-1]])))
    return tuple(ends)
