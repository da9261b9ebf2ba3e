"""Two values of one axis on the same seeds: differences of a metric, run by run, and whether chance explains them.

Runs are paired that agree in all but the axis: in their cell and their seed. Differences of one seed in several cells
are not independent, since a seed makes the same weights and sequences there. So a seed is what is drawn for the
interval, and what changes its sign, in all cells at once, for the test.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
import orjson

from ltd_core.metrics import METRICS
from services.comparison.bootstrap import Array, intervals
from services.comparison.labels import labels_of
from services.comparison.positions import SEED, key_of, positions
from services.database.engine import Database
from services.errors import BadQuestion
from services.runs.summaries import worded
from services.sweeps import posted
from services.sweeps.metric_values import metric_values
from services.sweeps.posted import Grid

_EXACT = 12
"""Up to so many differences every choice of signs is tried; above, a seeded sample of them."""
_MOST_PAIRS = 1000
_MOST_TEXT = 10_000_000
"""Characters of all pairs' values together."""
_SAMPLES, _LEAST_SAMPLES, _MOST_SIGNS = 20_000, 1_000, 100_000_000
"""Of very many differences fewer samples are drawn: as many as take about a second."""
_ROUNDING = 1e-12
_FAR = 1e6
"""Infinite differences are put so many times as far away as the largest other, where sums of them are numbers."""
_RESAMPLES, _AT_ONCE = 10_000, 1_000_000
_FEW = 100
"""Up to so many units resamples are drawn; above, their medians have a known distribution."""
_NORMAL = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
_SEED = 20_130_616
_SEEDS = "the signs of all differences of a seed together"
_CELLS = "the sign of each difference"
"""What is permuted, of an axis and of the seeds themselves."""


class _Groups(NamedTuple):
    """The runs that agree in all but an axis: a value of the metric for each value of the axis, NaN where none is."""

    by_value: dict[bytes, Array]
    unit: Array
    """Which groups are independent of each other: the number of their seed."""


def compare_pairs(
    db: Database, sweep_id: str, *, field: str | None = None, metric: str = "final_loss"
) -> dict[str, Any]:
    """Return, for every two values of an axis, the differences of a metric over runs that agree in all else.

    Raises NotFound, and BadQuestion naming the parameter that has no meaning.
    """
    if metric not in METRICS:
        raise BadQuestion("metric", f"must be one of: {', '.join(METRICS)}", metric)
    sweep = posted.grid(db, sweep_id)
    axis = field or next(iter(sweep.axes), "")
    if axis not in sweep.axes:
        raise BadQuestion("field", f"must be an axis of the sweep: {', '.join(sweep.axes)}", field)
    _check_size(axis, [key_of(value) for value in sweep.axes[axis]])
    groups = _groups(db, sweep, axis, metric)
    labels = dict(zip(groups.by_value, labels_of([orjson.loads(key) for key in groups.by_value]), strict=True))
    differences = {pair: _differences(groups, *pair) for pair in combinations(groups.by_value, 2)}
    tests = _tests(list(differences.values()), int(groups.unit.max(initial=-1)) + 1)
    return {
        "sweep": sweep_id,
        "field": axis,
        "metric": {"name": metric, "unit": METRICS[metric].unit, "better": METRICS[metric].better},
        "permuted": _CELLS if axis == SEED else _SEEDS,
        "pairs": [
            {
                "first": {"value": orjson.loads(first), "label": labels[first]},
                "second": {"value": orjson.loads(second), "label": labels[second]},
                **_figures(found),
                "p": p,
            }
            for ((first, second), found), p in zip(differences.items(), tests, strict=True)
        ],
    }


def _check_size(axis: str, values: list[bytes]) -> None:
    """Refuse too many pairs, or too much text in them; raises BadQuestion."""
    if (count := math.comb(len(values), 2)) > _MOST_PAIRS:
        message = f"its {len(values):,} values make {count:,} pairs, at most {_MOST_PAIRS:,} are compared"
        raise BadQuestion("field", message, axis)
    if len(values) * sum(map(len, values)) > _MOST_TEXT:
        raise BadQuestion(
            "field", f"its values are too long: {_MOST_TEXT:,} characters in all pairs are answered", axis
        )


def _groups(db: Database, sweep: Grid, axis: str, metric: str) -> _Groups:
    """Return the metric for each value of the axis, an element for each choice of all else."""
    others = tuple(dict.fromkeys(name for name in (*sweep.axes, SEED) if name != axis))
    where = positions(db, sweep, (axis, *others))
    with db.read() as conn:
        metrics = metric_values(conn, sweep.id, metric).values
    measured = ~np.isnan(metrics)
    _, first, group = np.unique(where.index[1:, measured], axis=1, return_index=True, return_inverse=True)
    by_value = {key_of(value): np.full(len(first), np.nan) for value in sweep.axes[axis]}
    for number, value in enumerate(where.values[0]):
        own = where.index[0, measured] == number
        by_value[key_of(value)][group[own]] = metrics[measured][own]
    if axis == SEED:
        return _Groups(by_value, np.arange(len(first)))
    return _Groups(by_value, where.index[1 + others.index(SEED), measured][first])


class _Differences(NamedTuple):
    """Of two values: what is known of their differences, and each one's unit; how many runs have no counterpart."""

    values: Array
    unit: Array
    without_pair: int


def _differences(groups: _Groups, first: bytes, second: bytes) -> _Differences:
    before, after = groups.by_value[first], groups.by_value[second]
    with np.errstate(invalid="ignore"):  # two of -inf, the logarithm of zero, do not differ
        differences = np.where(after == before, 0.0, after - before)
    known, missing = ~np.isnan(differences), np.isnan(before) != np.isnan(after)
    return _Differences(differences[known], groups.unit[known], int(missing.sum()))


def _figures(found: _Differences) -> dict[str, Any]:
    """Return what is told of two values but the test, which is made for all pairs together."""
    values, (_, unit) = _bounded(found.values), np.unique(found.unit, return_inverse=True)
    count, largest = int(unit.max(initial=-1)) + 1, _largest(found.values)
    figures = (float(np.median(values)), *_ends(values, unit, count)) if count else (None, None, None)
    return {
        "n": len(values),
        "units": count,
        "without_pair": found.without_pair,
        **{name: _told(x, largest) for name, x in zip(("median", "low", "high"), figures, strict=True)},
    }


def _largest(differences: Array) -> float:
    return float(np.abs(differences[np.isfinite(differences)]).max(initial=0.0))


def _bounded(differences: Array) -> Array:
    """Return differences with infinite ones as far away as sums of them are numbers."""
    far = _FAR * (1 + _largest(differences))
    return np.clip(differences, -far, far)


def _tests(pairs: list[_Differences], units: int) -> list[float | None]:
    """Return the p of each pair; None of one without differences."""
    sums = np.array([np.bincount(one.unit, _bounded(one.values), minlength=units) for one in pairs]).T
    few = np.array([len(np.unique(one.unit)) <= _EXACT for one in pairs], dtype=bool)
    found = np.empty(len(pairs))
    for place in np.flatnonzero(few):
        column = sums[:, [place]]
        found[place] = sign_flips(column[np.unique(pairs[place].unit)])[0]
    if not few.all():
        found[~few] = sign_flips(sums[:, ~few])
    return [p if len(one.values) else None for one, p in zip(pairs, found.tolist(), strict=True)]


def _told(figure: float | None, largest: float) -> float | str | None:
    """Return a figure for JSON: one beyond every finite difference is infinite."""
    if figure is None or abs(figure) <= largest:
        return figure
    return worded(math.copysign(math.inf, figure))


def _ends(differences: Array, unit: Array, count: int) -> tuple[float | None, float | None]:
    """Return the 95 % interval of the median by resamples of units; none of one unit."""
    if count == len(differences) > 1:
        ((_, low, high),) = intervals([differences], "median")
        return low, high
    if count < 2:  # noqa: PLR2004
        return None, None
    order = np.argsort(differences, kind="stable")
    return (_drawn_ends if count <= _FEW else _normal_ends)(differences[order], unit[order], count)


def _drawn_ends(ordered: Array, unit: Array, count: int) -> tuple[float, float]:
    """Return quantiles of the medians of resamples that are drawn."""
    medians, each = [], max(1, _AT_ONCE // len(ordered))
    for first in range(0, _RESAMPLES, each):
        times = _resamples(count)[first : first + each, unit].cumsum(1)
        half = times[:, -1:] / 2
        lower, upper = (times < half).sum(1), (times <= half).sum(1)
        medians.append((ordered[lower] + ordered[upper]) / 2)
    low, high = np.quantile(np.concatenate(medians), [0.025, 0.975], method="inverted_cdf").tolist()
    return low, high


@lru_cache(maxsize=4)
def _resamples(count: int) -> Array:
    """Return how often each of some units is drawn in each resample: the same for all pairs."""
    return np.random.default_rng(_SEED).multinomial(count, np.full(count, 1 / count), size=_RESAMPLES)


def _normal_ends(ordered: Array, unit: Array, count: int) -> tuple[float, float]:
    """Return the ends between which the median of a resample of many units lies.

    It is at most the i-th difference where more than half of what was drawn is among the first i: a sum over units,
    of a unit's share of these less half of all that it has, whose distribution is normal.
    """
    sizes = np.bincount(unit, minlength=count)
    by_unit = np.argsort(unit, kind="stable")
    before = np.empty(len(unit))  # how many of its unit come before a difference
    before[by_unit] = np.arange(len(unit)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    sums = np.arange(1, len(unit) + 1) - len(unit) / 2
    squares = (sizes**2).sum() / 4 + np.cumsum(2 * before + 1 - sizes[unit])
    away = sums / np.sqrt(np.maximum(squares - sums**2 / count, 0.25))
    ends = [int(np.searchsorted(np.maximum.accumulate(away), z)) for z in (-_NORMAL, _NORMAL)]
    low, high = ordered[np.minimum(ends, len(ordered) - 1)].tolist()
    return low, high


def sign_flips(differences: Array) -> Array:
    """Return of each column the share of choices of signs whose mean is at least as far from 0: a permutation test.

    If two values do the same, each difference, a unit's in all, is as likely with one sign as with the other (Fisher
    1935). Rows are units; one that a column lacks is 0 there, whose sign changes nothing.
    """
    count, total = len(differences), np.abs(differences.sum(0))
    limit = total - _ROUNDING * np.abs(differences).sum(0)
    if count <= _EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=count)))
        share: Array = (np.abs(signs @ differences) >= limit).mean(0)
        return share
    generator, samples = np.random.default_rng(_SEED), min(_SAMPLES, max(_LEAST_SAMPLES, _MOST_SIGNS // count))
    reached, width = np.ones(len(total)), -(-count // 8)  # as it is counts as one of them
    each = max(1, _AT_ONCE // max(differences.shape))
    for first in range(0, samples, each):
        drawn = min(each, samples - first)
        packed = np.frombuffer(generator.bytes(drawn * width), np.uint8).reshape(drawn, width)
        signs = 2.0 * np.unpackbits(packed, axis=1, count=count) - 1.0
        reached += (np.abs(signs @ differences) >= limit).sum(0)
    return reached / (samples + 1)
