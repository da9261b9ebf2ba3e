"""Ticks of logarithmic axes, readable over one decade as over a thousand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ltd_core.picture import Axis
from ltd_core.told import ten, told

_MOST = 7
_FEW = 3
_LARGEST = 300
"""Beyond this exponent no float holds a tick."""
_DECADES = 1.5
"""From so many on, whole powers of ten are ticks enough."""


def ticks(axis: Axis, low: float, high: float) -> dict[str, Any]:
    """Return the ticks between two values: of a "ln" axis, between two exponents of ten."""
    if axis.scale == "log" and low <= 0:
        return {}
    reach = (low, high) if axis.scale == "ln" else (math.log10(low), math.log10(high))
    exponents = _whole(*reach)
    if reach[1] - reach[0] >= _DECADES:
        values: list[float] = [k if axis.scale == "ln" else 10.0**k for k in exponents]
        return {"tickvals": values, "ticktext": [ten(k) for k in exponents]}
    if axis.scale == "ln":
        part = ticks(replace(axis, scale="log"), 10.0**low, 10.0**high) if abs(low) < _LARGEST else {}
        return part | {"tickvals": [math.log10(value) for value in part["tickvals"]]} if part else {}
    shown = [digit * 10.0**k for k in range(exponents[0] - 1, exponents[-1] + 1) for digit in (1, 2, 5)]
    shown = [value for value in shown if low * 0.999 <= value <= high * 1.001]
    shown = shown if len(shown) >= _FEW else _even(low, high)
    return {"tickvals": shown, "ticktext": [told(value) for value in shown]}


def _even(low: float, high: float) -> list[float]:
    """Return values with round steps between them, where powers of ten are too far apart."""
    each = 10.0 ** math.floor(math.log10((high - low) / 2 or low))
    each *= next(digit for digit in (5, 2, 1) if digit == 1 or (high - low) / (digit * each) >= _FEW - 1)
    return [each * n for n in range(math.ceil(low / each), math.floor(high / each) + 1)]


def _whole(low: float, high: float) -> list[int]:
    """Return at most _MOST whole exponents that cover a range."""
    first, last = math.floor(low), math.ceil(high)
    return list(range(last, first - 1, -max(1, math.ceil((last - first) / (_MOST - 1)))))[::-1]
