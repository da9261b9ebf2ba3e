"""Two values of one axis on the same seeds: differences of a metric, run by run, and whether chance explains them."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import orjson

from ltd_core.metrics import METRICS
from services.comparison.bootstrap import Array, intervals
from services.comparison.positions import SEED, key_of, positions
from services.comparison.table import label_of
from services.database.engine import Database
from services.errors import BadQuestion
from services.runs.summaries import worded
from services.sweeps import posted
from services.sweeps.metric_values import metric_values
from services.sweeps.posted import Grid

_EXACT = 12
"""Up to so many differences every choice of signs is tried; above, a seeded sample of them."""
_SAMPLES = 20_000
_SEED = 20_130_616


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
    by_value = _by_value(db, sweep, axis, metric)
    return {
        "sweep": sweep_id,
        "field": axis,
        "metric": {"name": metric, "unit": METRICS[metric].unit, "better": METRICS[metric].better},
        "pairs": [_pair(by_value, first, second) for first, second in combinations(by_value, 2)],
    }


def _by_value(db: Database, sweep: Grid, axis: str, metric: str) -> dict[bytes, Array]:
    """Return the metric for each value of the axis, an element for each choice of all else, NaN where none is known."""
    others = dict.fromkeys(name for name in (*sweep.axes, SEED) if name != axis)
    where = positions(db, sweep, (axis, *others))
    with db.read() as conn:
        metrics = metric_values(conn, sweep.id, metric).values
    measured = ~np.isnan(metrics)
    _, first, group = np.unique(where.index[1:, measured], axis=1, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # that of the runs, since the signs of a seeded test are drawn in it
    by_value = {key_of(value): np.full(len(first), np.nan) for value in sweep.axes[axis]}
    for number, value in enumerate(where.values[0]):
        own = where.index[0, measured] == number
        by_value[key_of(value)][order[group[own]]] = metrics[measured][own]
    return by_value


def _pair(by_value: dict[bytes, Array], first: bytes, second: bytes) -> dict[str, Any]:
    with np.errstate(invalid="ignore"):  # two of -inf, the logarithm of zero, do not differ
        differences = np.where(by_value[second] == by_value[first], 0.0, by_value[second] - by_value[first])
    missing = np.isnan(by_value[first]) != np.isnan(by_value[second])
    differences = differences[~np.isnan(differences)]
    (figures,) = intervals([differences], "median") if len(differences) else [(None, None, None)]
    return {
        "first": {"value": orjson.loads(first), "label": label_of(orjson.loads(first))},
        "second": {"value": orjson.loads(second), "label": label_of(orjson.loads(second))},
        "n": len(differences),
        "without_pair": int(missing.sum()),
        **dict(zip(("median", "low", "high"), map(worded, figures), strict=True)),
        "p": sign_flips(_bounded(differences)) if len(differences) else None,
    }


def _bounded(differences: Array) -> Array:
    """Return differences with infinite ones far beyond the others, where sums of them are numbers."""
    far = 1e6 * (1.0 + np.abs(np.where(np.isinf(differences), 0.0, differences)).max())
    bounded: Array = np.clip(differences, -far, far)
    return bounded


def sign_flips(differences: Array) -> float:
    """Return the share of choices of signs whose mean is at least as far from 0: a permutation test of pairs.

    If the two values do the same, each difference is as likely with one sign as with the other (Fisher 1935).
    """
    if len(differences) <= _EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(differences))))
    else:
        drawn = np.random.default_rng(_SEED).integers(0, 2, (_SAMPLES, len(differences)))
        signs = np.concatenate((np.ones((1, len(differences))), 2.0 * drawn - 1.0))
    means = np.abs(signs @ differences)
    return float(np.mean(means >= abs(differences.sum()) * (1 - 1e-12)))
