"""Aggregates over seeds with 95 % intervals, by the percentile bootstrap (Efron 1979) with a fixed seed.

A share of successes has Wilson's interval (1927) instead: all resamples of five successes in five are equal, so the
bootstrap's interval would have no width.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

_SAMPLES = 400
_SEED = 20_130_616
_LEVEL = 95.0
_NORMAL = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

Array = np.ndarray[Any, np.dtype[Any]]
Interval = tuple[float, float, float]

AGGREGATES = ("median", "mean", "min", "max", "success_rate", "quantile")
_SHARES = {"median": 0.5, "min": 0.0, "max": 1.0}
"""Aggregates that are a quantile."""


def intervals(samples: Sequence[Array], aggregate: str, quantile: float = 0.9) -> list[Interval]:
    """Return the aggregate of each sample, of at least one value, and the ends of its 95 % interval.

    `quantile` belongs to the aggregate of that name. Samples of one size are computed together. A resample of n values
    is a choice of n ranks: these are drawn once for each n, and a resample's quantile is the value at a known rank.
    """
    by_size = defaultdict(list)
    for number, sample in enumerate(samples):
        by_size[len(sample)].append(number)
    results: list[Interval] = [(np.nan, np.nan, np.nan)] * len(samples)
    for count, numbers in by_size.items():
        values = np.stack([samples[number] for number in numbers])
        for number, figures in zip(numbers, _figures(values, count, aggregate, quantile).tolist(), strict=True):
            results[number] = tuple(figures)
    return results


def _figures(values: Array, count: int, aggregate: str, quantile: float) -> Array:
    """Return aggregate, low and high [samples, 3] of samples of one size [samples, count]."""
    if aggregate == "success_rate":
        return _wilson((values > 0).mean(1), count)
    infinite = np.isneginf(values)
    if infinite.any():
        return _of_zeros(values, infinite, aggregate, quantile)
    if aggregate == "mean":
        whole, drawn = values.mean(1), values @ _shares(count).T
    else:
        share = _SHARES.get(aggregate, quantile)
        whole, ordered = np.quantile(values, share, axis=1), np.sort(values, axis=1)
        below, above, weight = _ranks(count, share)
        drawn = ordered[:, below] * (1.0 - weight) + ordered[:, above] * weight
    low, high = np.percentile(drawn, [(100 - _LEVEL) / 2, (100 + _LEVEL) / 2], axis=1)
    return np.stack([whole, low, high], axis=1)


def _of_zeros(values: Array, infinite: Array, aggregate: str, quantile: float) -> Array:
    """Return the figures of samples some of whose values are -inf, the logarithm of zero: these count like others.

    Computed twice, with two finite numbers in their place far below the rest: what differs between the two is -inf.
    """
    finite = np.where(infinite, 0.0, values)
    far = 1e6 * (1.0 + np.abs(finite).max())
    first, second = (
        _figures(np.where(infinite, low, finite), values.shape[1], aggregate, quantile) for low in (-far, -2 * far)
    )
    return np.where(first == second, first, -np.inf)


def _wilson(share: Array, count: int) -> Array:
    """Return share, low and high [samples, 3]: the true shares less than 1.96 standard errors from the observed one."""
    shrink = _NORMAL**2 / count
    center = (share + shrink / 2) / (1 + shrink)
    reach = _NORMAL / (1 + shrink) * np.sqrt(share * (1 - share) / count + shrink / (4 * count))
    low, high = np.maximum(center - reach, 0.0), np.minimum(center + reach, 1.0)
    return np.stack([share, np.where(share == 0.0, 0.0, low), np.where(share == 1.0, 1.0, high)], axis=1)


def _choices(count: int) -> Array:
    """Return which ranks each bootstrap sample takes, [resamples, count]: the same for every sample of that size."""
    return np.random.default_rng(_SEED).integers(0, count, (_SAMPLES, count))


@lru_cache(maxsize=8)
def _shares(count: int) -> Array:
    """Return how much of each bootstrap sample is each value, [resamples, count]."""
    taken = np.zeros((_SAMPLES, count))
    np.add.at(taken, (np.arange(_SAMPLES)[:, None], _choices(count)), 1.0 / count)
    return taken


@lru_cache(maxsize=256)
def _ranks(count: int, share: float) -> tuple[Array, Array, float]:
    """Return the two ranks between which a resample's quantile lies, [resamples] each, and the weight of the upper."""
    rank = share * (count - 1)
    lower = int(rank)
    upper = min(lower + 1, count - 1)
    ordered = np.partition(_choices(count), (lower, upper), axis=1)
    return ordered[:, lower], ordered[:, upper], rank - lower
