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

from services.traces.pyramid import (
    FIGURES,
    QUANTILES,
    SHARES,
    SKETCH,
    Cells,
    cells_of_cells,
    cells_of_points,
    figures_for,
)

Array = np.ndarray[Any, Any]
SIZES = array_shapes(min_dims=0, max_dims=2, max_side=3)


def naive(points: Array) -> tuple[float, float, float, float, int]:
    """Return the five figures of one element of one cell, in exact arithmetic."""
    finite = [float(point) for point in points if math.isfinite(point)]
    low, high, mean = (min(finite), max(finite), exact_mean(finite)) if finite else [math.nan] * 3
    if -math.inf in points.tolist():  # the logarithm of zero
        low = mean = -math.inf
    return low, high, mean, float(points[-1]), len(points) - len(finite)


def exact_mean(numbers: list[float]) -> float:
    return float(sum(map(Fraction, numbers), Fraction()) / len(numbers))


def check(cells: Cells, points: Array, each: int) -> None:
    """Hold cells of `each` points against the naive walk, element by element."""
    count = -(-len(points) // each)
    assert cells.count.tolist() == [min(each, len(points) - i * each) for i in range(count)]
    kind = np.finfo(points.dtype)
    for name in FIGURES:
        assert cells.figures[name].shape == (count, *points.shape[1:])
    for place in np.ndindex((count, *points.shape[1:])):
        part = points[(slice(place[0] * each, (place[0] + 1) * each), *place[1:])]
        low, high, mean, last, nonfinite = naive(part)
        for name, exact in (("minimum", low), ("maximum", high), ("last", last), ("nonfinite", nonfinite)):
            found = cells.figures[name][place]
            assert found == exact or (math.isnan(found) and math.isnan(exact)), name
        reach = max(abs(low), abs(high)) if math.isfinite(mean) else 0.0  # rounding is relative to the largest point
        slack = 4 * kind.eps * reach + kind.smallest_subnormal * each
        np.testing.assert_allclose(cells.figures["mean"][place], mean, rtol=0, atol=slack)


@st.composite
def wild(draw: st.DrawFn) -> Array:
    """Points of any value that a float can have, the largest, the smallest, NaN and infinities among them."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return draw(arrays(dtype, (draw(st.integers(0, 40)), *draw(SIZES)), fill=st.just(dtype(1.5))))


@settings(max_examples=80, deadline=None)
@given(wild(), st.integers(1, 16), st.integers(1, 4))
def test_cells_are_their_points_at_both_levels(points: Array, each: int, factor: int) -> None:
    cells = cells_of_points(points, each, FIGURES)
    check(cells, points, each)
    check(cells_of_cells(cells, factor, FIGURES), points, each * factor)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]))
def test_three_levels_up(count: int, seed: int, dtype: type[np.floating[Any]]) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(count, 2)).astype(dtype)
    holes = generator.random(points.shape)
    points[holes < 0.2] = np.nan
    points[holes > 0.9] = np.inf
    points[holes > 0.95] = -np.inf
    points[:40] = np.nan  # whole cells without a finite point
    cells = cells_of_points(points, 8, FIGURES)
    for each in (64, 512):
        cells = cells_of_cells(cells, 8, FIGURES)
        check(cells, points, each)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mean_of_the_largest_numbers_is_finite(dtype: type[np.floating[Any]]) -> None:
    points = np.full(256, np.finfo(dtype).max, dtype)
    cells = cells_of_points(points, 16, FIGURES)
    check(cells, points, 16)
    check(cells_of_cells(cells, 16, FIGURES), points, 256)


def test_only_what_is_asked_for_and_needed_is_made() -> None:
    assert figures_for(["mean"]) == ("mean", "nonfinite")
    assert figures_for(["maximum", "minimum"]) == ("minimum", "maximum")
    assert figures_for([QUANTILES]) == ("nonfinite", QUANTILES)
    cells = cells_of_points(np.ones(64), 4, figures_for(["mean"]))
    assert set(cells_of_cells(cells, 4, ["mean"]).figures) == {"mean"}


def shares_below(points: Array, values: Array) -> tuple[Array, Array]:
    """Return which shares of finite points are below, and at most, each value."""
    finite = np.sort(points[np.isfinite(points)])
    return np.searchsorted(finite, values, "left") / len(finite), np.searchsorted(finite, values, "right") / len(finite)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(["normal", "lognormal", "trend", "ties", "holes"]), st.integers(1, 700)
)
def test_quantiles_are_off_by_no_more_than_they_say(seed: int, kind: str, count: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=count)
    points = {
        "normal": points,
        "lognormal": np.exp(4 * points),
        "trend": np.arange(count) + points,  # every finer cell is of other values
        "ties": np.round(points),
        "holes": np.where(generator.random(count) < 0.5, np.nan, points),
    }[kind]
    if not np.isfinite(points).any():
        return
    cells = cells_of_points(points, 8, (*FIGURES, QUANTILES))
    for merges in (0, 1, 2, 3):
        for i, its in enumerate(cells.figures[QUANTILES]):
            part = points[i * 8 * 8**merges : (i + 1) * 8 * 8**merges]
            if not np.isfinite(part).any():
                assert np.isnan(its).all()
                continue
            below, at_most = shares_below(part, its)
            slack = merges / (2 * SKETCH) + 1e-9 + (0 if merges == 0 else 1 / np.isfinite(part).sum())
            assert (np.diff(its) >= 0).all()
            assert np.isin(its, part).all()
            assert (below <= SHARES + slack).all(), (merges, below)
            assert (at_most >= SHARES - slack).all(), (merges, at_most)
        cells = cells_of_cells(cells, 8, (*FIGURES, QUANTILES))
