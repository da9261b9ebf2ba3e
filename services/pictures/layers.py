"""One function a kind of layer: the traces that Plotly draws for it."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np

from ltd_core.picture import Band, Curve, HeatMap, Histogram, Layer, Level, Line, Path, Plane
from ltd_core.told import ten, told
from services.pictures import palette
from services.pictures.sides import Sides, packed, scaled
from services.pictures.stored import Stored
from services.traces.codec import Array

Drawn = list[dict[str, Any]]

_WIDTHS = {"line": 2.0, "bold": 3.0, "thin": 1.0, "marks": 0.0}
FEW = 16
"""So few points are marked one by one."""
_STEPS = 5
"""Lines where a curve is drawn by step: the first, the last, and some between."""
_NAMED = 8
"""Lines from which on a legend names the first and the last alone."""


@singledispatch
def drawn(layer: Layer, stored: Stored, sides: Sides) -> Drawn:  # noqa: ARG001
    """Return Plotly's traces of a layer."""
    raise TypeError(layer)


@drawn.register
def _curve(layer: Curve, stored: Stored, sides: Sides) -> Drawn:
    view, along = stored.view(layer.trace), stored.along(layer.trace, layer.along)
    lines, traces = _lines(layer, stored), []
    if view.level and not layer.bins and layer.along == view.info.axes[0] and len(lines) == 1:
        name, color = f"lowest to highest of {view.cell_steps // view.info.every:,}", palette.faint(lines[0][1])
        traces = sides.area(along, view.minimum, view.maximum, color, name=name, showlegend=False)
    for number, (name, color, values) in enumerate(lines):
        alone = len(values) <= FEW or not sides.holds("y", values)  # or may be: then each point is marked
        line = sides.line(
            _binned(layer, along),
            _binned(layer, values),
            "markers" if layer.style == "marks" else "lines+markers" if alone else "lines",
            framed=layer.framed,
            name=name,
            showlegend=bool(name) and (len(lines) <= _NAMED or number in {0, len(lines) - 1}),
            line={"color": color, "width": _WIDTHS[layer.style]},
            marker={"color": color, "size": 6},
        )
        traces.append(line | _intervals(layer, stored, sides, number, len(lines)))
    return traces


def _lines(layer: Curve, stored: Stored) -> list[tuple[str, str, Array]]:
    """Return name, color and values of each line of a curve."""
    values = _cut(layer, stored, layer.trace)
    if not layer.by:
        return [(layer.name, palette.hue(layer.hue), values[0])]
    names, first = _names(layer, stored), layer.by == stored.declared[layer.trace].axes[0]
    places = list(range(len(names)))
    if first and len(names) > _STEPS:
        places = sorted({round(i * (len(names) - 1) / (_STEPS - 1)) for i in range(_STEPS)})
    words = isinstance(next(iter(stored.along(layer.trace, layer.by)), ""), str)
    colors = [palette.hue(i) if words else palette.between(i, len(names)) for i in places]
    return [(names[i], color, values[i]) for i, color in zip(places, colors, strict=True)]


def _names(layer: Curve, stored: Stored) -> list[str]:
    """Return the values of the axis that gives each a line; of updates, those that a cell holds."""
    info, view = stored.declared[layer.trace], stored.view(layer.trace)
    if layer.by == info.axes[0] and not info.along(layer.by):
        more = view.cell_steps - info.every
        return [f"{step:,}–{step + more:,}" if more else f"{step:,}" for step in view.steps.tolist()]
    return [name if isinstance(name, str) else told(name) for name in stored.along(layer.trace, layer.by)]


def _cut(layer: Curve, stored: Stored, trace: str) -> Array:
    """Return the numbers of a trace that has the axes of a curve's, a row a line."""
    return np.atleast_2d(stored.cut(trace, (layer.by, layer.along) if layer.by else (layer.along,), layer.at))


def _binned(layer: Curve, values: Any) -> Any:
    """Return the means of equal parts of a line, at most as many as it says."""
    if not layer.bins or len(values) <= layer.bins:
        return values
    with np.errstate(invalid="ignore"):
        return np.array([part.mean() for part in np.array_split(values, layer.bins)])


def _intervals(layer: Curve, stored: Stored, sides: Sides, number: int, lines: int) -> dict[str, Any]:
    """Return error bars, from the ends of an interval or a standard error."""
    if layer.error:
        ends = {"array": packed(1.96 * _cut(layer, stored, layer.error)[number])}
    elif layer.low and lines <= _NAMED:
        middle, low, high = (_cut(layer, stored, name)[number] for name in (layer.trace, layer.low, layer.high))
        for end in (low, high):
            sides.on("y", end)
        ends = {"array": packed(high - middle), "arrayminus": packed(middle - low)}
    else:
        return {}
    return {"error_y": ends | {"thickness": 1, "width": 3}}


@drawn.register
def _band(layer: Band, stored: Stored, sides: Sides) -> Drawn:
    info, values = stored.declared[layer.trace], stored.values(layer.trace)
    low, high = (values[..., place] for place in layer.between)
    color = palette.faint(palette.hue(layer.hue), 0.15)
    return sides.area(stored.along(layer.trace, info.axes[0]), low, high, color, name=layer.name, showlegend=True)


@drawn.register
def _heat_map(layer: HeatMap, stored: Stored, sides: Sides) -> Drawn:
    rows = stored.cut(layer.trace, (layer.y, layer.x), layer.at)
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = np.log10(rows) if layer.colors.scale == "log" else scaled(layer.colors, rows)
    x, y = (sides.on(side, stored.along(layer.trace, axis)) for side, axis in (("x", layer.x), ("y", layer.y)))
    body = {"type": "heatmap", "x": x, "y": y, "hoverongaps": False, "showlegend": False}
    finite = shown[np.isfinite(shown)]
    low, high = (np.quantile(finite, [0.002, 0.998]).tolist()) if finite.size else (0.0, 1.0)
    zero = np.isneginf(shown)
    value = "%{z:.4g}" if layer.colors.scale == "linear" else "10^%{z:.2f}"
    bar = {"title": {"text": layer.colors.label, "side": "right"}, "thickness": 10, "outlinewidth": 0}
    main = body | {
        "z": packed(np.round(np.where(zero, np.nan, shown), 3)),
        "zmin": low,
        "zmax": high if high > low else low + 1.0,
        "colorscale": "Viridis",
        "colorbar": bar | (_color_ticks(low, high) if layer.colors.scale != "linear" else {}),
        "hovertemplate": f"%{{x}}, %{{y}}<br>{layer.colors.label}: {value}<extra></extra>",
    }
    if not zero.any():
        return [main]
    gray = [[0, palette.THEORY], [1, palette.THEORY]]
    exact = {"z": packed(np.where(zero, 1.0, np.nan)), "colorscale": gray, "showscale": False}
    return [main, body | exact | {"hovertemplate": "%{x}, %{y}<br>exactly zero<extra></extra>"}]


def _color_ticks(low: float, high: float) -> dict[str, Any]:
    """Return the ticks of colors that stand for exponents of ten."""
    whole = range(int(np.ceil(low)), int(np.floor(high)) + 1)
    shown = list(whole[:: max(1, -(-len(whole) // 7))]) if len(whole) > 1 else [low, high]
    return {"tickvals": shown, "ticktext": [ten(int(k)) if k == int(k) else told(10.0**k) for k in shown]}


@drawn.register
def _histogram(layer: Histogram, stored: Stored, sides: Sides) -> Drawn:
    x, marker = sides.on("x", stored.whole(layer.trace).ravel()), {"color": palette.hue(0)}
    return [{"type": "histogram", "x": x, "nbinsx": 60, "name": layer.name, "showlegend": False, "marker": marker}]


@drawn.register
def _plane(layer: Plane, stored: Stored, sides: Sides) -> Drawn:
    last, angles = _last(stored, layer.trace), np.linspace(0.0, 2 * np.pi, 181)
    circle, dots = {"color": palette.THEORY, "width": 1}, {"color": palette.hue(0), "size": 7}
    return [
        sides.line(np.cos(angles), np.sin(angles), line=circle, name="unit circle"),
        sides.line(last[:, 0], last[:, 1], "markers", marker=dots, name="eigenvalues"),
    ]


def _last(stored: Stored, trace: str) -> Array:
    """Return the last point of a trace [..., n, coordinates], cut at the last place of the axes between."""
    return stored.cut(trace, stored.declared[trace].axes[-2:], {})


@drawn.register
def _path(layer: Path, stored: Stored, sides: Sides) -> Drawn:
    last, color = _last(stored, layer.trace), palette.hue(layer.hue)
    line, marker = {"color": color, "width": 2}, {"color": color, "size": 5}
    x, y = last[:, layer.x], last[:, layer.y]
    return [sides.line(x, y, "lines+markers", name=layer.name, showlegend=True, line=line, marker=marker)]


@drawn.register
def _line(layer: Line, stored: Stored, sides: Sides) -> Drawn:  # noqa: ARG001
    dashed = {"color": palette.THEORY, "width": 1.5, "dash": "dash"}
    return [sides.line(layer.x, layer.y, name=layer.name, showlegend=True, line=dashed)]


@drawn.register
def _level(layer: Level, stored: Stored, sides: Sides) -> Drawn:  # noqa: ARG001
    sides.level(layer.name, layer.value, layer.side)
    return []
