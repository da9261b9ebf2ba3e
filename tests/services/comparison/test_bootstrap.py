"""Intervals against resamples that are drawn, or all counted, in the open."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from services.comparison.bootstrap import AGGREGATES, Figures, intervals

SLOW: dict[str, Callable[[np.ndarray], float]] = {
    "median": np.median,
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
    "quantile": lambda values: np.quantile(values, 0.9),
}


def interval(values: list[float], aggregate: str, quantile: float = 0.9) -> Figures:
    return intervals([np.asarray(values)], aggregate, quantile)[0]


def ends(values: list[float], aggregate: str, quantile: float = 0.9) -> tuple[float, float]:
    _, low, high = interval(values, aggregate, quantile)
    assert low is not None
    assert high is not None
    return low, high


@pytest.mark.parametrize("aggregate", SLOW)
@pytest.mark.parametrize("count", [1, 2, 5, 12, 51])
def test_aggregates_are_numpys(aggregate: str, count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    assert interval(list(values), aggregate)[0] == pytest.approx(SLOW[aggregate](values))


@pytest.mark.parametrize("share", [0.5, 0.25, 0.9])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_ends_of_a_quantile_are_those_of_all_resamples(count: int, share: float) -> None:
    values = np.random.default_rng(count).normal(size=count)
    every = np.sort([np.quantile(values[list(taken)], share) for taken in product(range(count), repeat=count)])
    low, high = ends(list(values), "quantile", share)
    for end, part in ((low, 0.025), (high, 0.975)):
        assert end == pytest.approx(every[math.ceil(part * len(every) - 1e-9) - 1])


@pytest.mark.parametrize("aggregate", ["median", "quantile"])
@pytest.mark.parametrize("count", [12, 51, 200])
def test_ends_of_a_quantile_are_those_of_resamples_drawn_in_the_open(aggregate: str, count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    generator = np.random.default_rng(count + 1000)
    drawn = [SLOW[aggregate](generator.choice(values, count)) for _ in range(4000)]
    for found, around in zip(ends(list(values), aggregate), ((1.2, 4.5), (95.5, 98.8)), strict=True):
        least, most = np.percentile(drawn, around)
        assert least - 1e-12 <= found <= most + 1e-12


def bca(values: np.ndarray, draws: int = 40_000) -> tuple[float, float]:
    """Return the interval of a mean by Efron's definition (1987), with resamples that are drawn."""
    generator = np.random.default_rng(9)
    drawn = np.sort(generator.choice(values, (draws, len(values))).mean(1))
    apart = values - values.mean()
    accelerated = (apart**3).sum() / (6 * (apart**2).sum() ** 1.5)
    shifted = [accelerated + sign * 1.959964 for sign in (-1, 1)]
    points = [accelerated + z / (1 - accelerated * z) for z in shifted]
    shares = [0.5 * (1 + math.erf(point / math.sqrt(2))) for point in points]
    return float(np.quantile(drawn, shares[0])), float(np.quantile(drawn, shares[1]))


@pytest.mark.parametrize("count", [8, 20, 100])
def test_ends_of_a_mean_are_those_of_the_accelerated_bootstrap(count: int) -> None:
    values = np.random.default_rng(count).lognormal(0.0, 0.7, count)
    width = np.ptp(bca(values))
    assert ends(list(values), "mean") == pytest.approx(bca(values), abs=0.06 * width)


def test_a_mean_of_very_large_or_small_values_keeps_its_interval() -> None:
    values = np.random.default_rng(1).lognormal(size=9)
    low, high = ends(list(values), "mean")
    for scale in (1e-300, 1e300):
        assert ends(list(values * scale), "mean") == pytest.approx((low * scale, high * scale))


@pytest.mark.parametrize("aggregate", ["median", "mean"])
@pytest.mark.parametrize("scale", [1e-9, 1.0])
def test_an_interval_lies_within_the_values_and_holds_the_aggregate(aggregate: str, scale: float) -> None:
    for count in (2, 3, 8, 33):
        values = scale * np.random.default_rng(count).lognormal(0.0, 3.0, count)
        low, high = ends(list(values), aggregate)
        assert min(values) <= low <= interval(list(values), aggregate)[0] <= high <= max(values)
    assert interval([4.0] * 3, aggregate) == (4.0, 4.0, 4.0)


def test_extremes_and_one_value_have_no_interval() -> None:
    for aggregate, quantile in (("min", 0.5), ("max", 0.5), ("quantile", 0.0), ("quantile", 1.0)):
        assert interval([1.0, 2.0, 5.0], aggregate, quantile)[1:] == (None, None)
    for aggregate in ("median", "mean", "quantile"):
        assert interval([7.0], aggregate) == (7.0, None, None)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_many_samples_at_once_are_each_alone(aggregate: str) -> None:
    generator = np.random.default_rng(3)
    samples = [generator.normal(size=size) for size in (3, 7, 3, 1, 7)]
    assert intervals(samples, aggregate, 0.3) == [interval(list(sample), aggregate, 0.3) for sample in samples]
    assert intervals([], aggregate) == []


def test_the_order_of_seeds_does_not_matter_to_quantiles() -> None:
    values = list(np.random.default_rng(4).normal(size=20))
    assert interval(values, "median") == interval(values[::-1], "median")


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    found = [ends(list(generator.normal(size=30)), "mean") for _ in range(300)]
    assert 0.88 <= np.mean([low <= 0 <= high for low, high in found]) <= 0.98


@pytest.mark.parametrize("count", [3, 5, 10, 40])
def test_the_interval_of_a_share_covers_it(count: int) -> None:
    """Exact coverage, summed over the binomial distribution; Wilson's is 95 % on average over shares."""
    rates = [interval([1.0] * hits + [0.0] * (count - hits), "success_rate") for hits in range(count + 1)]
    assert [value for value, _, _ in rates] == pytest.approx(np.arange(count + 1) / count)
    covered = []
    for share in np.linspace(0.02, 0.98, 97):
        chances = [math.comb(count, hits) * share**hits * (1 - share) ** (count - hits) for hits in range(count + 1)]
        bounds = [(low or 0.0, high or 0.0) for _, low, high in rates]
        covered.append(sum(p for p, (low, high) in zip(chances, bounds, strict=True) if low <= share <= high))
    assert 0.94 <= np.mean(covered) <= 0.97
    assert rates[count][1] == pytest.approx(count / (count + 1.959964**2))  # in closed form at the ends
    assert (rates[0][1], rates[count][2]) == (0.0, 1.0)


def test_a_success_is_any_value_above_zero() -> None:
    assert interval([0.0, 0.5, 2.0, -1.0], "success_rate")[0] == 0.5


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_minus_infinity_the_logarithm_of_zero_counts_like_any_value(aggregate: str) -> None:
    """What is left are no survivors: of three zeros among five the median is one, of one the mean is."""
    zero = -math.inf
    some, many = np.array([-1.0, -3.0, -2.0, zero, -4.0]), np.array([zero, -3.0, zero, zero, -4.0])
    plain = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = intervals([some, many, plain], aggregate)
    assert found[2] == intervals([plain], aggregate)[0], "a neighbor without one has the figures that it has alone"
    assert not any(np.isnan(one) for figures in found for one in figures if one is not None)
    assert found[0][0] == {"mean": zero, "min": zero, "median": -3.0, "max": -1.0}.get(aggregate, found[0][0])
    assert found[1][0] == {"mean": zero, "min": zero, "median": zero, "max": -3.0}.get(aggregate, found[1][0])
    if aggregate == "median":
        assert found[0][1] == zero
    if aggregate in {"mean", "min", "max"}:
        assert found[0][1:] == (None, None), "a mean of -inf has no interval, an extreme never has"
    if aggregate != "success_rate":
        assert all(low <= whole <= high for whole, low, high in found if low is not None and high is not None)
