"""The resolutions of a trace: a cell of level L stands for 16^L points, and no spike in them is lost.

Cells are an array [5, n, *size]: minimum, maximum, mean (all over finite values, NaN where there is none), last, and
the number of values that are not finite. Level 0 is the points themselves, [n, *size].
"""

from __future__ import annotations

import numpy as np

from services.trace_codec import Array

FACTOR = 16
MINIMUM, MAXIMUM, MEAN, LAST, NONFINITE = range(5)


def cells_of_points(points: Array, factor: int = FACTOR) -> Array:
    """Return the cells of points [n * factor, *size]."""
    grouped = points.reshape(-1, factor, *points.shape[1:])
    finite = np.isfinite(grouped)
    sound = finite.sum(1)
    parts = np.where(finite, grouped, 0) / np.maximum(sound, 1, dtype=np.float64)[:, None]  # their sum cannot overflow
    mean = np.where(sound > 0, parts.sum(1), np.nan)
    holes = np.where(finite, grouped, np.nan)
    return np.stack(
        [np.fmin.reduce(holes, axis=1), np.fmax.reduce(holes, axis=1), mean, grouped[:, -1], factor - sound]
    ).astype(points.dtype)


def cells_of_cells(cells: Array, each: int | Array, factor: int = FACTOR) -> Array:
    """Return the cells one level up; `each` is the number of points in a cell below, or an array, [n * factor]."""
    grouped = cells.reshape(5, -1, factor, *cells.shape[2:])
    points = np.broadcast_to(each, cells.shape[1]).reshape(-1, factor, *[1] * (cells.ndim - 2))
    sound = points - grouped[NONFINITE].astype(np.float64)
    whole = sound.sum(1)
    share = sound / np.maximum(whole, 1)[:, None]
    parts = np.where(sound > 0, grouped[MEAN], 0.0) * share
    mean = np.where(whole > 0, parts.sum(1), np.nan)
    return np.stack(
        [
            np.fmin.reduce(grouped[MINIMUM], axis=1),
            np.fmax.reduce(grouped[MAXIMUM], axis=1),
            mean,
            grouped[LAST][:, -1],
            grouped[NONFINITE].sum(1, dtype=np.float64),
        ]
    ).astype(cells.dtype)


def as_cells(points: Array) -> Array:
    """Return points as cells of one point each."""
    return cells_of_points(points, 1)
