"""The resolutions of a trace: what a cell keeps of the points it stands for, so that no spike in them is lost.

minimum, maximum and mean are over finite values (NaN where there is none), last is the last value whatever it is,
nonfinite the number of values that are not finite. Of curves (a point is one number) there are quantiles too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from services.traces.codec import Array

FIGURES = ("minimum", "maximum", "mean", "last", "nonfinite")
QUANTILES = "quantiles"
SKETCH = 9
SHARES = (np.arange(SKETCH) + 0.5) / SKETCH
"""A cell's quantiles: values at these shares of its finite points, each of which stands for 1 / SKETCH of them.

At cells of points they are exact. Made of cells that have them, the share of points below one is off by at most
1 / (2 SKETCH) more for every time that cells were put together.
"""


@dataclass(frozen=True, slots=True)
class Cells:
    """Consecutive cells: the points in each, [n], and their figures, [n, *size], or [n, SKETCH] for quantiles."""

    count: Array
    figures: dict[str, Array]

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.count)

    def part(self, first: int, last: int) -> Cells:
        """Return cells first (inclusive) to last (exclusive)."""
        return Cells(self.count[first:last], {name: array[first:last] for name, array in self.figures.items()})


def figures_for(asked: Collection[str]) -> tuple[str, ...]:
    """Return the figures from which those asked for can be made at a coarser level, in their order."""
    weighed = {"mean", QUANTILES} & set(asked)
    return tuple(name for name in (*FIGURES, QUANTILES) if name in asked or (name == "nonfinite" and weighed))


def joined(parts: Sequence[Cells]) -> Cells:
    """Return cells one after the other; all have the same figures."""
    if len(parts) == 1:
        return parts[0]
    figures = {name: np.concatenate([part.figures[name] for part in parts]) for name in parts[0].figures}
    return Cells(np.concatenate([part.count for part in parts]), figures)


def cells_of_points(points: Array, each: int, figures: Collection[str]) -> Cells:
    """Return cells of `each` points [n, *size]; the last may be of fewer."""
    made = [
        _of_points(part.reshape(-1, min(each, len(part)), *points.shape[1:]), figures) for part in _parts(points, each)
    ]
    return joined(made) if made else _of_points(points.reshape(0, each, *points.shape[1:]), figures)


def cells_of_cells(cells: Cells, each: int, figures: Collection[str]) -> Cells:
    """Return cells of `each` finer ones, which have what `figures_for` says; the last may be of fewer."""
    whole = len(cells) // each * each
    made = []
    for part in (cells.part(0, whole), cells.part(whole, len(cells))):
        if len(part):
            size = min(each, len(part))
            grouped = {name: array.reshape(-1, size, *array.shape[1:]) for name, array in part.figures.items()}
            made.append(_of_cells(part.count.reshape(-1, size), grouped, figures))
    return joined(made) if made else cells


def _parts(points: Array, each: int) -> list[Array]:
    """Return what makes whole cells, and the rest."""
    whole = len(points) // each * each
    return [part for part in (points[:whole], points[whole:]) if len(part)]


def _of_points(grouped: Array, figures: Collection[str]) -> Cells:
    """Return a cell for each group of points [n, each, *size]."""
    each = grouped.shape[1]
    finite = np.isfinite(grouped)
    whole = bool(finite.all())
    sound = finite.sum(1) if not whole else np.full((len(grouped), *grouped.shape[2:]), each)
    holes = grouped if whole else np.where(finite, grouped, np.nan)
    made: dict[str, Array] = {}
    for name in figures:
        if name == "minimum":
            made[name] = np.fmin.reduce(holes, axis=1)
        elif name == "maximum":
            made[name] = np.fmax.reduce(holes, axis=1)
        elif name == "mean":
            parts = (grouped if whole else np.where(finite, grouped, 0)) / np.maximum(sound, 1.0)[:, None]
            made[name] = np.where(sound > 0, parts.sum(1), np.nan).astype(grouped.dtype)  # this sum cannot overflow
        elif name == "last":
            made[name] = grouped[:, -1]
        elif name == "nonfinite":
            made[name] = (each - sound).astype(np.uint32)
        else:
            made[name] = _quantiles_of_points(holes, sound)
    return Cells(np.full(len(grouped), each, np.int64), made)


def _quantiles_of_points(holes: Array, sound: Array) -> Array:
    """Return quantiles [n, SKETCH] of finite values, the others being NaN, [n, each]."""
    places = np.maximum(np.ceil(SHARES * sound[:, None]).astype(np.int64) - 1, 0)
    return np.take_along_axis(np.sort(holes, axis=1), places, axis=1)


def _of_cells(count: Array, grouped: dict[str, Array], figures: Collection[str]) -> Cells:
    """Return a cell for each group of finer ones, whose points are `count` [n, each]."""
    made: dict[str, Array] = {}
    for name in figures:
        finer = grouped[name]
        if name == "minimum":
            made[name] = np.fmin.reduce(finer, axis=1)
        elif name == "maximum":
            made[name] = np.fmax.reduce(finer, axis=1)
        elif name == "last":
            made[name] = finer[:, -1]
        elif name == "nonfinite":
            made[name] = finer.sum(1, dtype=np.uint32)
        else:
            made[name] = _weighed(name, finer, _sound(count, grouped["nonfinite"]))
    return Cells(count.sum(1), made)


def _sound(count: Array, nonfinite: Array) -> Array:
    """Return how many finite values each cell has, in float64: [n, each, *size], or [n, each, *ones] if all are."""
    points = count.reshape(*count.shape, *[1] * (nonfinite.ndim - 2))
    if not nonfinite.any():  # the usual case
        return points.astype(np.float64)
    return np.subtract(points, nonfinite, dtype=np.float64)


def _weighed(name: str, finer: Array, sound: Array) -> Array:
    """Return means or quantiles of groups, each cell of which weighs as much as it has finite values."""
    if name == QUANTILES:
        return _quantiles_of_quantiles(finer, sound)
    whole = sound.sum(1)
    if (sound == sound[:1, :1]).all() and whole.any():  # the usual case, several times as fast
        means: Array = np.einsum("ne...->n...", finer * finer.dtype.type(1 / finer.shape[1]))
        return means
    parts = np.where(sound > 0, finer, 0.0) * (sound / np.maximum(whole, 1.0)[:, None])
    return np.where(whole > 0, parts.sum(1), np.nan).astype(finer.dtype)


def _quantiles_of_quantiles(finer: Array, sound: Array) -> Array:
    """Return quantiles [n, SKETCH] of the quantiles [n, each, SKETCH] of cells of so many finite values [n, each]."""
    values = finer.reshape(len(finer), -1)
    order = np.argsort(values, axis=1)  # NaN, of no weight, comes last
    weights = np.repeat(sound, SKETCH, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    wanted = SHARES * reached[:, -1:]
    places = (reached[:, None, :] < wanted[:, :, None] * (1 - 1e-12)).sum(2)
    return np.take_along_axis(values, np.take_along_axis(order, places, axis=1), axis=1)
