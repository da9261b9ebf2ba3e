"""Two values of one axis on the same seeds: differences of a metric, run by run, and whether chance explains them."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations, product
from typing import Any

import numpy as np
import orjson
from sqlalchemy import select

from ltd_core.metrics import METRICS
from services.comparison.bootstrap import interval
from services.comparison.table import label_of
from services.database.engine import Database
from services.database.models import SweepRun, table
from services.errors import BadQuestion
from services.sweeps import posted
from services.sweeps.metric_values import metric_values

MEMBERS = table(SweepRun)
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
    chosen = field or next(iter(sweep.axes), "")
    if chosen not in sweep.axes:
        raise BadQuestion("field", f"must be an axis of the sweep: {', '.join(sweep.axes)}", field)
    groups = _groups(db, sweep_id, chosen, metric)
    keys = [orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() for value in sweep.axes[chosen]]
    return {
        "sweep": sweep_id,
        "field": chosen,
        "metric": {"name": metric, "unit": METRICS[metric].unit, "better": METRICS[metric].better},
        "pairs": [_pair(groups, first, second) for first, second in combinations(dict.fromkeys(keys), 2)],
    }


def _groups(db: Database, sweep_id: str, field: str, metric: str) -> list[dict[str, float]]:
    """Return, for each choice of all else, the metric by the axis's value; runs without it are left out."""
    query = select(MEMBERS.c.coordinates).where(MEMBERS.c.sweep_id == sweep_id).order_by(MEMBERS.c.position)
    with db.read() as conn:
        coordinates = conn.execute(query).scalars().all()
        values = metric_values(conn, sweep_id, metric).values.tolist()
    found: dict[bytes, dict[str, float]] = defaultdict(dict)
    for text, value in zip(coordinates, values, strict=True):
        if not math.isnan(value):
            at = orjson.loads(text)
            key = orjson.dumps(at.pop(field), option=orjson.OPT_SORT_KEYS).decode()
            found[orjson.dumps(at, option=orjson.OPT_SORT_KEYS)][key] = value
    return list(found.values())


def _pair(groups: list[dict[str, float]], first: str, second: str) -> dict[str, Any]:
    differences = [group[second] - group[first] for group in groups if first in group and second in group]
    figures = dict(zip(("median", "low", "high"), interval(differences, "median"), strict=True)) if differences else {}
    return {
        "first": {"value": orjson.loads(first), "label": label_of(orjson.loads(first))},
        "second": {"value": orjson.loads(second), "label": label_of(orjson.loads(second))},
        "n": len(differences),
        "without_pair": sum((first in group) != (second in group) for group in groups),
        "median": figures.get("median"),
        "low": figures.get("low"),
        "high": figures.get("high"),
        "p": sign_flips(differences) if differences else None,
    }


def sign_flips(differences: list[float]) -> float:
    """Return the share of choices of signs whose mean is at least as far from 0: a permutation test of pairs.

    If the two values do the same, each difference is as likely with one sign as with the other (Fisher 1935).
    """
    values = np.asarray(differences)
    if len(values) <= _EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(values))))
    else:
        drawn = np.random.default_rng(_SEED).integers(0, 2, (_SAMPLES, len(values)))
        signs = np.concatenate((np.ones((1, len(values))), 2.0 * drawn - 1.0))
    means = np.abs(signs @ values)
    return float(np.mean(means >= abs(values.sum()) * (1 - 1e-12)))
