"""Ticks of logarithmic axes, readable over one decade as over a thousand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ltd_core.told import ten, told

if TYPE_CHECKING:
    from ltd_core.picture import Axis

_MOST = 7
_FEW = 3


def ticks(axis: Axis, low: float, high: float) -> dict[str, Any]:
    """Return the ticks between two values: of a "ln" axis, between two exponents of ten."""
    if axis.scale == "log" and low <= 0:
        return {}
    reach = (low, high) if axis.scale == "ln" else (math.log10(low), math.log10(high))
    exponents = _whole(*reach)
    if len(exponents) >= _FEW:
        values: list[float] = [k if axis.scale == "ln" else 10.0**k for k in exponents]
        return {"tickvals": values, "ticktext": [ten(k) for k in exponents]}
    if axis.scale == "ln":
        return {}
    shown = [digit * 10.0**k for k in range(exponents[0] - 1, exponents[-1] + 1) for digit in (1, 2, 5)]
    shown = [value for value in shown if low * 0.999 <= value <= high * 1.001]
    return {"tickvals": shown, "ticktext": [told(value) for value in shown]} if len(shown) >= _FEW else {}


def _whole(low: float, high: float) -> list[int]:
    """Return at most _MOST whole exponents that cover a range."""
    first, last = math.floor(low), math.ceil(high)
    return list(range(first, last + 1, max(1, math.ceil((last - first) / (_MOST - 1)))))
