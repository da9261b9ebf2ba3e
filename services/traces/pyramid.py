"""The arithmetic of a trace's pyramid: cells that stand for many points, and lose no spike among them.

A cell keeps the minimum, maximum and mean of its finite values (NaN where there is none), the last value whatever it
is, and how many are not finite; -inf, the logarithm of zero, is a value to minimum and mean all the same. Cells of a
curve (a point is one number) keep quantiles too. A coarser cell is made of
finer ones, not of points: minimum, maximum, last and counts are exact at every level, means are weighted by the finite
values of each cell, and quantiles by the same weights are approximate (see SHARES).
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
"""A cell's quantiles are the values at these shares of its finite points, so each stands for 1 / SKETCH of them.

In a cell made of points they are exact. Each time cells are made of cells, the share of points below a quantile can
be off by another 1 / (2 SKETCH).
"""


@dataclass(frozen=True, slots=True)
class Cells:
    """Consecutive cells: the points in each, [n], and their figures, [n, *size], or [n, SKETCH] for quantiles."""

    count: Array
    figures: dict[str, Array]

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.count)


def figures_for(asked: Collection[str]) -> tuple[str, ...]:
    """Return the figures from which those asked for can be made at a coarser level, in their order."""
    weighted = {"mean", QUANTILES} & set(asked)
    return tuple(name for name in (*FIGURES, QUANTILES) if name in asked or (name == "nonfinite" and weighted))


def cells_of_points(points: Array, each: int, figures: Collection[str]) -> Cells:
    """Return cells of `each` points [n, *size]; the last may have fewer."""
    return _joined([_of_points(group, figures) for group in _groups(points, each)])


def cells_of_cells(cells: Cells, each: int, figures: Collection[str]) -> Cells:
    """Return cells of `each` finer ones, which have the figures of `figures_for`; the last may have fewer."""
    finer = {name: _groups(array, each) for name, array in cells.figures.items()}
    return _joined(
        [
            _of_cells(count, {name: groups[i] for name, groups in finer.items()}, figures)
            for i, count in enumerate(_groups(cells.count, each))
        ]
    )


def _groups(array: Array, each: int) -> list[Array]:
    """Return an array in groups of `each` [n, each, *size], then what is left as one shorter group, if anything is."""
    whole = len(array) // each * each
    groups = [array[:whole].reshape(-1, each, *array.shape[1:])]
    if whole < len(array):
        groups.append(array[None, whole:])
    return groups if len(groups) == 1 or whole else groups[1:]


def _joined(parts: Sequence[Cells]) -> Cells:
    if len(parts) == 1:
        return parts[0]
    figures = {name: np.concatenate([part.figures[name] for part in parts]) for name in parts[0].figures}
    return Cells(np.concatenate([part.count for part in parts]), figures)


def _of_points(grouped: Array, figures: Collection[str]) -> Cells:
    """Return a cell for each group of points [n, each, *size]."""
    each = grouped.shape[1]
    finite = np.isfinite(grouped)
    whole = bool(finite.all())
    sound = finite.sum(1) if not whole else np.full((len(grouped), *grouped.shape[2:]), each)
    holes = grouped if whole else np.where(finite, grouped, np.nan)
    cells: dict[str, Array] = {}
    for name in figures:
        if name == "minimum":
            cells[name] = _or_zeros(grouped, np.fmin.reduce(holes, axis=1), whole=whole)
        elif name == "maximum":
            cells[name] = np.fmax.reduce(holes, axis=1)
        elif name == "mean":
            parts = (grouped if whole else np.where(finite, grouped, 0)) / np.maximum(sound, 1.0)[:, None]
            means = np.where(sound > 0, parts.sum(1), np.nan).astype(grouped.dtype)  # this sum cannot overflow
            cells[name] = _or_zeros(grouped, means, whole=whole)
        elif name == "last":
            cells[name] = grouped[:, -1]
        elif name == "nonfinite":
            cells[name] = (each - sound).astype(np.uint32)
        else:
            cells[name] = _quantiles_of_points(holes, sound)
    return Cells(np.full(len(grouped), each, np.int64), cells)


def _or_zeros(grouped: Array, found: Array, *, whole: bool) -> Array:
    """Return figures that are -inf where a point of the group [n, each, *size] is: the logarithm of zero is a value."""
    return found if whole else np.where(np.isneginf(grouped).any(1), grouped.dtype.type(-np.inf), found)


def _quantiles_of_points(holes: Array, sound: Array) -> Array:
    """Return quantiles [n, SKETCH] of values [n, each]; those that are not finite are NaN."""
    ranks = np.maximum(np.ceil(SHARES * sound[:, None]).astype(np.int64) - 1, 0)
    return np.take_along_axis(np.sort(holes, axis=1), ranks, axis=1)


def _of_cells(count: Array, grouped: dict[str, Array], figures: Collection[str]) -> Cells:
    """Return a cell for each group of finer ones, whose points are `count` [n, each]."""
    cells: dict[str, Array] = {}
    for name in figures:
        finer = grouped[name]
        if name == "minimum":
            cells[name] = np.fmin.reduce(finer, axis=1)
        elif name == "maximum":
            cells[name] = np.fmax.reduce(finer, axis=1)
        elif name == "last":
            cells[name] = finer[:, -1]
        elif name == "nonfinite":
            cells[name] = finer.sum(1, dtype=np.uint32)
        else:
            cells[name] = _weighted(name, finer, _sound(count, grouped["nonfinite"]))
    return Cells(count.sum(1), cells)


def _sound(count: Array, nonfinite: Array) -> Array:
    """Return the number of finite values of each cell in float64, [n, each, *size], or [n, each, *ones] if all are."""
    points = count.reshape(*count.shape, *[1] * (nonfinite.ndim - 2))
    if not nonfinite.any():  # the usual case
        return points.astype(np.float64)
    return np.subtract(points, nonfinite, dtype=np.float64)


def _weighted(name: str, finer: Array, sound: Array) -> Array:
    """Return means or quantiles of groups of cells, weighted by their numbers of finite values."""
    if name == QUANTILES:
        return _quantiles_of_quantiles(finer, sound)
    whole = sound.sum(1)
    if (sound == sound[:1, :1]).all() and whole.any():  # the usual case, several times as fast
        means: Array = np.einsum("ne...->n...", finer * finer.dtype.type(1 / finer.shape[1]))
        return means
    parts = np.where(sound > 0, finer, 0.0) * (sound / np.maximum(whole, 1.0)[:, None])
    return _or_zeros(finer, np.where(whole > 0, parts.sum(1), np.nan).astype(finer.dtype), whole=False)


def _quantiles_of_quantiles(finer: Array, sound: Array) -> Array:
    """Return quantiles [n, SKETCH] of the quantiles [n, each, SKETCH] of cells of so many finite values [n, each]."""
    values = finer.reshape(len(finer), -1)
    order = np.argsort(values, axis=1)  # NaN, of no weight, comes last
    weights = np.repeat(sound, SKETCH, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    wanted = SHARES * reached[:, -1:]
    ranks = (reached[:, None, :] < wanted[:, :, None] * (1 - 1e-12)).sum(2)
    return np.take_along_axis(values, np.take_along_axis(order, ranks, axis=1), axis=1)
