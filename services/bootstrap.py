"""Aggregates over seeds, and how far they could be off: the percentile bootstrap (Efron 1979), seeded."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_SAMPLES = 400
_SEED = 20_130_616
_LEVEL = 95.0

Array = np.ndarray[Any, np.dtype[Any]]

AGGREGATES: dict[str, Callable[[Array], Array]] = {
    "median": lambda values: np.median(values, axis=-1),
    "mean": lambda values: np.mean(values, axis=-1),
    "min": lambda values: np.min(values, axis=-1),
    "max": lambda values: np.max(values, axis=-1),
    "success_rate": lambda values: np.mean(values > 0, axis=-1),
}


def interval(values: list[float], aggregate: str) -> tuple[float, float, float]:
    """Return the aggregate of at least one value, and the ends of its 95 % interval."""
    sample, reduce = np.asarray(values), AGGREGATES[aggregate]
    drawn = reduce(sample[_choices(len(values))])
    low, high = np.percentile(drawn, [(100 - _LEVEL) / 2, (100 + _LEVEL) / 2])
    return float(reduce(sample)), float(low), float(high)


@cache
def _choices(count: int) -> Array:
    """Return which values each bootstrap sample takes, [samples, count]: the same for every cell of that size."""
    return np.random.default_rng(_SEED).integers(0, count, (_SAMPLES, count))
