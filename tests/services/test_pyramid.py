"""The cells of a trace against a naive walk over its points."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from services.pyramid import FACTOR, LAST, MAXIMUM, MEAN, MINIMUM, NONFINITE, as_cells, cells_of_cells, cells_of_points

SIZES = array_shapes(min_dims=0, max_dims=2, max_side=3)


def naive(points: np.ndarray[Any, Any]) -> tuple[float, float, float, float, int]:
    """Return the five figures of one element of one cell, in exact arithmetic."""
    finite = [float(point) for point in points if math.isfinite(point)]
    if not finite:
        return math.nan, math.nan, math.nan, float(points[-1]), len(points)
    mean = float(sum(map(Fraction, finite), Fraction()) / len(finite))
    return min(finite), max(finite), mean, float(points[-1]), len(points) - len(finite)


def check(cells: np.ndarray[Any, Any], points: np.ndarray[Any, Any], each: int) -> None:
    """Hold cells of `each` points against the naive walk, element by element."""
    assert cells.shape == (5, len(points) // each, *points.shape[1:])
    kind = np.finfo(points.dtype)
    for place in np.ndindex(cells.shape[1:]):
        part = points[(slice(place[0] * each, (place[0] + 1) * each), *place[1:])]
        low, high, mean, last, nonfinite = naive(part)
        found = cells[(slice(None), *place)]
        for index, exact in ((MINIMUM, low), (MAXIMUM, high), (LAST, last), (NONFINITE, nonfinite)):
            assert found[index] == exact or (math.isnan(found[index]) and math.isnan(exact))
        reach = 0.0 if math.isnan(low) else max(abs(low), abs(high))  # rounding is relative to the largest point
        np.testing.assert_allclose(
            found[MEAN], mean, rtol=0, atol=4 * kind.eps * reach + kind.smallest_subnormal * each
        )


@st.composite
def wild(draw: st.DrawFn, factor: int) -> np.ndarray[Any, Any]:
    """Points of any value that a float can have, the largest, the smallest, NaN and infinities among them."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    shape = (factor * draw(st.integers(0, 3)), *draw(SIZES))
    return draw(arrays(dtype, shape, fill=st.just(dtype(1.5))))


@settings(max_examples=60, deadline=None)
@given(wild(FACTOR))
def test_a_cell_is_its_points(points: np.ndarray[Any, Any]) -> None:
    check(cells_of_points(points), points, FACTOR)


@settings(max_examples=30, deadline=None)
@given(wild(7))
def test_points_are_cells_of_one(points: np.ndarray[Any, Any]) -> None:
    check(as_cells(points), points, 1)
    check(cells_of_cells(as_cells(points), 1, 7), points, 7)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]))
def test_three_levels_up(cells: int, seed: int, dtype: type[np.floating[Any]]) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(cells * FACTOR**2, 2)).astype(dtype)
    holes = generator.random(points.shape)
    points[holes < 0.2] = np.nan
    points[holes > 0.9] = np.inf
    points[holes > 0.95] = -np.inf
    points[: FACTOR * 3] = np.nan  # whole cells without a finite point
    check(cells_of_cells(cells_of_points(points), FACTOR), points, FACTOR**2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_cells_of_unequal_weight(weights: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=sum(weights))
    points[generator.random(len(points)) < 0.3] = np.nan
    parts = np.split(points, np.cumsum(weights)[:-1])
    finer = np.concatenate([cells_of_points(part, len(part)) for part in parts], axis=1)
    check(cells_of_cells(finer, np.array(weights), len(weights)), points, len(points))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mean_of_the_largest_numbers_is_finite(dtype: type[np.floating[Any]]) -> None:
    points = np.full(FACTOR**2, np.finfo(dtype).max, dtype)
    check(cells_of_points(points), points, FACTOR)
    check(cells_of_cells(cells_of_points(points), FACTOR), points, FACTOR**2)
