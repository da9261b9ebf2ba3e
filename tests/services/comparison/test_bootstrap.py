"""The seeded bootstrap against one that draws and aggregates in the open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from services.comparison.bootstrap import AGGREGATES, Interval, intervals

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW: dict[str, Callable[[np.ndarray], float]] = {
    "median": np.median,
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
    "quantile": lambda values: np.quantile(values, 0.9),
}


def interval(values: list[float], aggregate: str, quantile: float = 0.9) -> Interval:
    return intervals([np.asarray(values)], aggregate, quantile)[0]


@pytest.mark.parametrize("aggregate", SLOW)
@pytest.mark.parametrize("count", [1, 2, 5, 12, 51])
def test_figures_are_those_of_resamples_drawn_in_the_open(aggregate: str, count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    value, low, high = interval(list(values), aggregate)
    generator = np.random.default_rng(count + 1000)
    drawn = [SLOW[aggregate](generator.choice(values, count)) for _ in range(4000)]
    assert value == pytest.approx(SLOW[aggregate](values))
    for found, expected, around in ((low, 2.5, (1.2, 4.5)), (high, 97.5, (95.5, 98.8))):
        least, most = np.percentile(drawn, around)
        assert least - 1e-12 <= found <= most + 1e-12, (found, np.percentile(drawn, expected))


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
    found = [interval(list(generator.normal(size=30)), "mean") for _ in range(300)]
    assert 0.88 <= np.mean([low <= 0 <= high for _, low, high in found]) <= 0.98
    assert interval([7.0], "median") == (7.0, 7.0, 7.0)


@pytest.mark.parametrize("count", [3, 5, 10, 40])
def test_the_interval_of_a_share_covers_it(count: int) -> None:
    """Exact coverage, summed over the binomial distribution; Wilson's is 95 % on average over shares."""
    rates = [interval([1.0] * hits + [0.0] * (count - hits), "success_rate") for hits in range(count + 1)]
    assert [value for value, _, _ in rates] == pytest.approx(np.arange(count + 1) / count)
    covered = []
    for share in np.linspace(0.02, 0.98, 97):
        chances = [math.comb(count, hits) * share**hits * (1 - share) ** (count - hits) for hits in range(count + 1)]
        covered.append(sum(p for p, (_, low, high) in zip(chances, rates, strict=True) if low <= share <= high))
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
    assert not np.isnan(np.array(found)).any()
    assert found[0][0] == {"mean": zero, "min": zero, "median": -3.0, "max": -1.0}.get(aggregate, found[0][0])
    assert found[1][0] == {"mean": zero, "min": zero, "median": zero, "max": -3.0}.get(aggregate, found[1][0])
    if aggregate in {"median", "mean", "min"}:
        assert found[0][1] == zero
    if aggregate != "success_rate":
        assert all(low <= whole <= high for whole, low, high in found)
