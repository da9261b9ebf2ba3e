"""Two values of one axis on the same seeds: differences of a metric, run by run, and whether chance explains them.

Runs are paired that agree in all but the axis: in their cell and their seed. Differences of one seed in several cells
are not independent, since a seed makes the same weights and sequences there. So a seed is what is drawn for the
interval, and what changes its sign, in all cells at once, for the test.
"""

from __future__ import annotations

import math
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
_SAMPLES = 20_000
_FAR = 1e6
"""Infinite differences are put so many times as far away as the largest other, where sums of them are numbers."""
_RESAMPLES, _AT_ONCE = 10_000, 1_000_000
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
    return {
        "sweep": sweep_id,
        "field": axis,
        "metric": {"name": metric, "unit": METRICS[metric].unit, "better": METRICS[metric].better},
        "permuted": _CELLS if axis == SEED else _SEEDS,
        "pairs": [
            {
                "first": {"value": orjson.loads(first), "label": labels[first]},
                "second": {"value": orjson.loads(second), "label": labels[second]},
                **_pair(groups, first, second),
            }
            for first, second in combinations(groups.by_value, 2)
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


def _pair(groups: _Groups, first: bytes, second: bytes) -> dict[str, Any]:
    before, after = groups.by_value[first], groups.by_value[second]
    with np.errstate(invalid="ignore"):  # two of -inf, the logarithm of zero, do not differ
        differences = np.where(after == before, 0.0, after - before)
    missing = np.isnan(before) != np.isnan(after)
    known = ~np.isnan(differences)
    differences, (_, unit) = differences[known], np.unique(groups.unit[known], return_inverse=True)
    count = int(unit.max(initial=-1)) + 1
    largest = float(np.abs(differences[np.isfinite(differences)]).max(initial=0.0))
    bounded = np.clip(differences, -_FAR * (1 + largest), _FAR * (1 + largest))
    figures = (float(np.median(bounded)), *_ends(bounded, unit, count)) if count else (None, None, None)
    return {
        "n": len(differences),
        "units": count,
        "without_pair": int(missing.sum()),
        **{name: _told(x, largest) for name, x in zip(("median", "low", "high"), figures, strict=True)},
        "p": sign_flips(np.bincount(unit, bounded)) if count else None,
    }


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
    ordered, unit = differences[order], unit[order]
    generator, medians = np.random.default_rng(_SEED), []
    each = max(1, _AT_ONCE // len(ordered))
    for first in range(0, _RESAMPLES, each):
        drawn = min(each, _RESAMPLES - first)
        times = generator.multinomial(count, np.full(count, 1 / count), size=drawn)[:, unit].cumsum(1)
        half = times[:, -1:] / 2
        lower, upper = (times < half).sum(1), (times <= half).sum(1)
        medians.append((ordered[lower] + ordered[upper]) / 2)
    low, high = np.quantile(np.concatenate(medians), [0.025, 0.975], method="inverted_cdf").tolist()
    return low, high


def sign_flips(differences: Array) -> float:
    """Return the share of choices of signs whose mean is at least as far from 0: a permutation test of pairs.

    If the two values do the same, each difference, a unit's in all, is as likely with one sign as with the other
    (Fisher 1935).
    """
    if len(differences) <= _EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(differences))))
    else:
        drawn = np.random.default_rng(_SEED).integers(0, 2, (_SAMPLES, len(differences)))
        signs = np.concatenate((np.ones((1, len(differences))), 2.0 * drawn - 1.0))
    means = np.abs(signs @ differences)
    return float(np.mean(means >= abs(differences.sum()) * (1 - 1e-12)))
