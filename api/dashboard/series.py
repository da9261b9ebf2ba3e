"""Traces made small enough to travel inside a file: rounded curves, and pictures of ‖δ‖ in hundredths of log10."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from services.traces.reading import TraceView

Array = np.ndarray[Any, np.dtype[Any]]

MOST_COLUMNS = 300
_LARGEST = 10**9
"""Stands for infinity in a picture, above every norm's power of ten."""
DELTAS, _NORMS = {"delta_log_norm", "delta_norm"}, {"delta_norm"}
"""Traces of ln ‖δ‖, and of ‖δ‖ itself in former releases."""


def curve(view: TraceView) -> dict[str, Any]:
    """Return a trace along steps as REST gives it, to four significant digits."""
    figures = (
        {"values": view.values}
        if view.level == 0
        else {name: getattr(view, name) for name in ("minimum", "maximum", "mean")}
    )
    body: dict[str, Any] = {name: _rounded(values) for name, values in figures.items() if values is not None}
    if view.nonfinite is not None:
        body["nonfinite"] = view.nonfinite.tolist()
    info = view.info
    shape = {"level": view.level, "cell_steps": view.cell_steps, "steps": view.steps.tolist()}
    return {"name": info.name, "unit": info.unit, "every": info.every, **shape, **body}


def picture(view: TraceView) -> dict[str, Any]:
    """Return at most MOST_COLUMNS columns of a step x lag trace, each the median of as many neighboring points.

    `hundredths[lag][column]` is 100 log10 of the norm, whole; None where there is no such time step; "0" for a norm
    of zero.
    """
    values = view.mean if view.values is None else view.values
    if values is None or not len(values):
        return {"steps": [], "hundredths": []}
    each = math.ceil(len(values) / MOST_COLUMNS)
    groups = [slice(first, first + each) for first in range(0, len(values), each)]
    middles = np.stack([_median(values[group]) for group in groups], axis=1)
    middle_of_cell = 0.0 if view.level == 0 else (view.cell_steps - view.info.every) / 2
    steps = [float(view.steps[group].mean()) + middle_of_cell for group in groups]
    with np.errstate(divide="ignore"):
        wide = middles.astype(np.float64)
        logs = 100 * (np.log10(wide) if view.info.name in _NORMS else wide / math.log(10.0))
    return {"steps": steps, "hundredths": [[_hundredths(value) for value in row] for row in logs.tolist()]}


def _median(values: Array) -> Array:
    """Return the lower median over the first axis of what is there; NaN where less than half is."""
    present = np.count_nonzero(~np.isnan(values), axis=0)
    ordered = np.sort(values, axis=0)  # NaN last
    middle = np.maximum(present - 1, 0) // 2
    median = np.take_along_axis(ordered, middle[None], axis=0)[0]
    return np.where(2 * present < len(values), np.nan, median)


def _hundredths(value: float) -> int | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return _LARGEST if value > 0 else "0"
    return round(value)


def _rounded(values: Array) -> list[float | str]:
    return [float(f"{v:.4g}") if math.isfinite(v) else _NAMES[str(v)] for v in values.tolist()]


_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
