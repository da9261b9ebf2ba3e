"""Aggregates over seeds with 95 % intervals; nothing here is drawn, so the same values have the same interval.

* A quantile has the percentile bootstrap's interval (Efron 1979). Which rank a resample's quantile has does not depend
  on the values, so its distribution over all resamples is known exactly.
* A mean has the BCa bootstrap's interval in its analytic form (ABC; DiCiccio and Efron 1992), within the values.
* A share of successes has Wilson's interval (1927): all resamples of five successes in five are equal, so the
  bootstrap's interval would have no width.
* A minimum, a maximum and an aggregate of one value have none: resamples say nothing of what lies beyond the values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

_TAIL = 0.025
_NORMAL = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
_NEGLIGIBLE = 1e-5
"""Ranks that so few resamples have together are left out: it moves the ends of an interval by less than a rank."""
_FARTHEST, _WIDEST = 8.0, 40
"""Ranks are looked at so many standard deviations from the quantile's, and pairs of them up to so far apart."""

Array = np.ndarray[Any, np.dtype[Any]]
Figures = tuple[float, float | None, float | None]
"""An aggregate, and the ends of its interval where it has one."""

AGGREGATES = ("median", "mean", "min", "max", "success_rate", "quantile")
RATES = ("success_rate", "mean")
"""Aggregates that have a meaning for a yes or no: they are the same."""
_SHARES = {"median": 0.5, "min": 0.0, "max": 1.0}
"""Aggregates that are a quantile."""


def intervals(samples: Sequence[Array], aggregate: str, quantile: float = 0.9) -> list[Figures]:
    """Return the aggregate of each sample, of at least one value, and the ends of its 95 % interval.

    `quantile` belongs to the aggregate of that name. Samples of one size are computed together.
    """
    by_size = defaultdict(list)
    for number, sample in enumerate(samples):
        by_size[len(sample)].append(number)
    results: list[Figures] = [(np.nan, None, None)] * len(samples)
    for count, numbers in by_size.items():
        values = np.stack([samples[number] for number in numbers])
        whole, ends = _figures(values, count, aggregate, quantile)
        pairs = np.full((len(numbers), 2), np.nan).tolist() if ends is None else ends.tolist()
        for number, value, (low, high) in zip(numbers, whole.tolist(), pairs, strict=True):
            results[number] = (value, _known(low), _known(high))
    return results


def _known(end: float) -> float | None:
    return None if np.isnan(end) else end


def _figures(values: Array, count: int, aggregate: str, quantile: float) -> tuple[Array, Array | None]:
    """Return the aggregates [samples] and interval ends [samples, 2] of samples of one size [samples, count]."""
    if aggregate == "success_rate":
        share = (values > 0).mean(1)
        return share, _wilson(share, count)
    infinite = np.isneginf(values)
    if infinite.any():
        return _of_zeros(values, infinite, aggregate, quantile)
    if aggregate == "mean":
        return values.mean(1), _of_mean(values, count) if count > 1 else None
    share = _SHARES.get(aggregate, quantile)
    inner = count > 1 and 0 < share < 1
    return np.quantile(values, share, axis=1), _of_quantile(np.sort(values, axis=1), count, share) if inner else None


def _of_zeros(values: Array, infinite: Array, aggregate: str, quantile: float) -> tuple[Array, Array | None]:
    """Return the figures of samples some of whose values are -inf, the logarithm of zero: these count like others.

    Computed twice, with two finite numbers in their place far below the rest: what differs between the two is -inf. A
    mean of -inf has no interval.
    """
    finite = np.where(infinite, 0.0, values)
    far = 1e6 * (1.0 + np.abs(finite).max())
    (first, ends), (second, others) = (
        _figures(np.where(infinite, low, finite), values.shape[1], aggregate, quantile) for low in (-far, -2 * far)
    )
    whole = np.where(first == second, first, -np.inf)
    if ends is None or others is None:
        return whole, None
    if aggregate == "mean":
        return whole, np.where(infinite.any(1, keepdims=True), np.nan, ends)
    return whole, np.where(ends == others, ends, -np.inf)


def _wilson(share: Array, count: int) -> Array:
    """Return low and high: the true shares less than 1.96 standard errors from the observed one."""
    shrink = _NORMAL**2 / count
    center = (share + shrink / 2) / (1 + shrink)
    reach = _NORMAL / (1 + shrink) * np.sqrt(share * (1 - share) / count + shrink / (4 * count))
    low, high = np.maximum(center - reach, 0.0), np.minimum(center + reach, 1.0)
    return np.stack([np.where(share == 0.0, 0.0, low), np.where(share == 1.0, 1.0, high)], axis=1)


def _of_mean(values: Array, count: int) -> Array:
    """Return low and high; for a mean, the bias correction is the acceleration."""
    apart = values - values.mean(1, keepdims=True)
    scale = np.abs(apart).max(1, keepdims=True)
    scaled = apart / np.where(scale > 0, scale, 1.0)  # whose squares neither overflow nor vanish
    squares = np.maximum((scaled**2).sum(1), 1.0)  # below 1 where all are equal
    accelerated = (scaled**3).sum(1) / (6 * squares**1.5)
    reach = accelerated[:, None] + np.array([-_NORMAL, _NORMAL])
    reach = reach / (1 - accelerated[:, None] * reach) ** 2
    ends = values.mean(1, keepdims=True) + scale * np.sqrt(squares)[:, None] / count * reach
    bounded: Array = np.clip(ends, values.min(1, keepdims=True), values.max(1, keepdims=True))
    return bounded


def _of_quantile(ordered: Array, count: int, share: float) -> Array:
    """Return low and high of samples in order."""
    below, above, chance = _ranks(count, share)
    weight = share * (count - 1) % 1
    drawn = ordered[:, below] * (1 - weight) + ordered[:, above] * weight
    order = np.argsort(drawn, axis=1, kind="stable")
    reached = np.cumsum(chance[order], axis=1)
    last = len(chance) - 1
    ends = [np.minimum((reached < part).sum(1, keepdims=True), last) for part in (_TAIL, 1 - _TAIL)]
    return np.take_along_axis(np.take_along_axis(drawn, order, 1), np.concatenate(ends, axis=1), 1)


@lru_cache(maxsize=256)
def _ranks(count: int, share: float) -> tuple[Array, Array, Array]:
    """Return pairs of ranks between which a resample's quantile lies, and the share of all resamples that have them.

    With k values of a resample up to the lower of its two ranks, P(lower <= i and upper > j) is the share of resamples
    with k values up to rank i, the others above rank j, and none between.
    """
    place = share * (count - 1)
    taken, reach = int(place) + 1, _FARTHEST * np.sqrt(count) / 2 + 1
    low = np.arange(max(0, int(taken - 1 - reach)), min(count, int(taken + reach) + 1))
    alone = _up_to(low + 1, count, taken, reach) - _up_to(low, count, taken, reach)
    if place % 1 == 0:
        return low, low, alone
    low, high = np.broadcast_arrays(low[:, None], low[:, None] + np.arange(min(count, _WIDEST + 1)))
    chance = (
        _apart(low + 1, high, count, taken)
        - _apart(low, high, count, taken)
        - _apart(low + 1, high + 1, count, taken)
        + _apart(low, high + 1, count, taken)
    )
    same = low[:, 0] + 1
    chance[:, 0] = alone - _apart(same, same, count, taken) + _apart(same - 1, same, count, taken)
    order = np.argsort(chance, axis=None)
    kept = np.sort(order[np.cumsum(chance.ravel()[order]) > _NEGLIGIBLE])
    return low.ravel()[kept], high.ravel()[kept], chance.ravel()[kept]


def _apart(low: Array, high: Array, count: int, taken: int) -> Array:
    """Return the share of resamples with exactly `taken` values among the first `low`, the rest behind `high`."""
    logs = _log_factorials(count)
    with np.errstate(divide="ignore"):
        lower, upper = np.log(low / count), np.log(np.maximum(count - high, 0) / count)
        found = np.exp(logs[count] - logs[taken] - logs[count - taken] + taken * lower + (count - taken) * upper)
    return np.where(high <= count, found, 0.0)


def _up_to(ranks: Array, count: int, taken: int, reach: float) -> Array:
    """Return the share of resamples with at least `taken` values among the first of so many ranks."""
    some = np.arange(taken, min(count, int(taken + 3 * reach)) + 1)
    logs, part = _log_factorials(count), ranks[:, None] / count
    ways = logs[count] - logs[some] - logs[count - some]
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(some < count, (count - some) * np.log(1 - part), 0.0)
        shares: Array = np.exp(ways + some * np.log(part) + rest).sum(1)
    return shares


def _log_factorials(count: int) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])
