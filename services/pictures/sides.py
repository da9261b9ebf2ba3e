"""The two axes of a figure: what numbers of a trace become on them, how far they reach, their ticks."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ltd_core.picture import Axis
from services.pictures.palette import THEORY
from services.pictures.ticks import ticks
from services.traces.codec import Array

Numbers = Array | Sequence[float] | Sequence[float | str]
_ROOM = {"x": 0.03, "y": 0.07}
"""Of an axis's length, beyond the outermost values."""
_FEW = 10
"""So few whole numbers, such as updates, are ticks each."""


class Sides:
    """The axes of one figure, which widen with what is drawn."""

    def __init__(self, x: Axis, y: Axis) -> None:
        self._axes = {"x": x, "y": y}
        self._reach: dict[str, list[float]] = {"x": [], "y": []}
        self.levels: list[dict[str, Any]] = []
        self._whole = True

    def on(self, side: str, values: Numbers, *, framed: bool = True) -> Any:
        """Return numbers as they stand on a side, for Plotly; words stay words. The side reaches as far if framed."""
        if len(values) and isinstance(values[0], str):
            return list(values)
        shown = scaled(self._axes[side], np.asarray(values, dtype=np.float64))
        inside = shown[self._placed(side, shown)]
        if side == "x":
            self._whole &= bool((inside == np.floor(inside)).all())
        if framed and len(inside):
            self._reach[side] += [float(inside.min()), float(inside.max())]
        return packed(shown)

    def holds(self, side: str, values: Array) -> bool:
        """Return whether every number has a place on a side: zero has none on a logarithmic one."""
        return bool(self._placed(side, values).all())

    def _placed(self, side: str, values: Array) -> Any:
        return np.isfinite(values) & ((values > 0) | (self._axes[side].scale != "log"))

    def line(self, x: Numbers, y: Numbers, mode: str = "lines", *, framed: bool = True, **more: Any) -> dict[str, Any]:
        """Return points on both sides, joined or not, as Plotly draws them."""
        return {"type": "scatter", "mode": mode, "x": self.on("x", x), "y": self.on("y", y, framed=framed), **more}

    def area(self, x: Numbers, low: Any, high: Any, color: str, **more: Any) -> list[dict[str, Any]]:
        """Return what lies between two lines."""
        edge: dict[str, Any] = {"line": {"width": 0}, "hoverinfo": "skip"}
        fill: dict[str, Any] = {"fill": "tonexty", "fillcolor": color}
        return [self.line(x, low, **edge, showlegend=False), self.line(x, high, **edge, **fill, **more)]

    def level(self, name: str, value: float, side: str) -> None:
        """Draw a line across the figure."""
        (place,) = scaled(self._axes[side], np.array([value])).tolist()
        self._reach[side].append(place)
        other = "y" if side == "x" else "x"
        self.levels.append(
            {
                "type": "line",
                f"{side}0": place,
                f"{side}1": place,
                f"{other}ref": "paper",
                f"{other}0": 0,
                f"{other}1": 1,
                "line": {"color": THEORY, "width": 1.5, "dash": "dot"},
                "label": {"text": name, "textposition": "end", "font": {"color": THEORY, "size": 11}},
            }
        )

    def layout(self, side: str) -> dict[str, Any]:
        """Return the axis as Plotly has it."""
        axis, reach = self._axes[side], self._reach[side]
        layout: dict[str, Any] = {"title": {"text": axis.label}}
        if axis.scale == "log":
            layout["type"] = "log"
        if axis.share:
            return layout | {"range": [-0.02, 1.02], "tickformat": ".0%"}
        if not reach:
            return layout
        low, high = axis.range or (min(reach), max(reach))
        if axis.scale != "linear":
            layout |= ticks(axis, low, high)
        elif side == "x" and self._whole and high - low < _FEW:
            layout["dtick"] = 1
        ends = [math.log10(end) if axis.scale == "log" else end for end in (low, high)]
        room = _ROOM[side] * (ends[1] - ends[0]) or 0.5
        return layout | {"range": [ends[0] - room, ends[1] + room]}


def scaled(axis: Axis, values: Array) -> Array:
    """Return natural logarithms as powers of ten where the axis says so."""
    return values / math.log(10.0) if axis.scale == "ln" else values


def packed(values: Array) -> dict[str, Any]:
    """Return an array as Plotly reads it from JSON: its bytes, in single precision where that holds seven digits."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    fits = np.array_equal(np.isfinite(single), np.isfinite(values)) and not ((single == 0) & (values != 0)).any()
    kept = single if fits else values
    packed: dict[str, Any] = {"dtype": kept.dtype.str[1:], "bdata": base64.b64encode(kept.tobytes()).decode()}
    return packed | ({"shape": ", ".join(map(str, values.shape))} if values.ndim > 1 else {})
