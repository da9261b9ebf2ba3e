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
_FEW = 16
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
    info = stored.declared[layer.trace]
    along = stored.along(layer.trace, layer.along)
    lines = _lines(layer, stored)
    x, traces = sides.on("x", _binned(layer, np.asarray(along)) if layer.bins else along), []
    for number, (name, color, values) in enumerate(lines):
        traces.append(
            {
                "type": "scatter",
                "mode": _mode(layer, values, whole=sides.holds("y", values)),
                "x": x,
                "y": sides.on("y", _binned(layer, values) if layer.bins else values, framed=layer.framed),
                "name": name,
                "showlegend": bool(name) and (len(lines) <= _NAMED or number in {0, len(lines) - 1}),
                "line": {"color": color, "width": _WIDTHS[layer.style]},
                "marker": {"color": color, "size": 6},
                **_intervals(layer, stored, sides, number, len(lines)),
            }
        )
    coarse = stored.view(layer.trace)
    if coarse.level and not layer.bins and layer.along == info.axes[0] and len(lines) == 1:
        traces = [*_envelope(coarse, along, sides, lines[0][1]), *traces]
    return traces


def _lines(layer: Curve, stored: Stored) -> list[tuple[str, str, Array]]:
    """Return name, color and values of each line of a curve."""
    values = _cut(layer, stored)
    if not layer.by:
        return [(layer.name, palette.hue(layer.hue), values)]
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


def _cut(layer: Curve, stored: Stored, trace: str = "") -> Array:
    """Return the values [along], or [by, along], of a curve or a trace beside it, the other axes cut where it says."""
    trace = trace or layer.trace
    kept = [axis for axis in stored.declared[trace].axes if axis in {layer.along, layer.by}]
    cut = stored.cut(trace, kept, layer.at)
    return cut if not layer.by or kept == [layer.by, layer.along] else cut.T


def _mode(layer: Curve, values: Array, *, whole: bool) -> str:
    """Return how a line is drawn: point by point where there are few, or where a point may stand alone."""
    if layer.style == "marks":
        return "markers"
    return "lines+markers" if len(values) <= _FEW or not whole else "lines"


def _binned(layer: Curve, values: Array) -> Array:
    """Return the means of equal parts of a line, at most as many as it says."""
    if len(values) <= layer.bins:
        return values
    with np.errstate(invalid="ignore"):
        return np.array([part.mean() for part in np.array_split(values, layer.bins)])


def _intervals(layer: Curve, stored: Stored, sides: Sides, number: int, lines: int) -> dict[str, Any]:
    """Return error bars, from the ends of an interval or a standard error."""

    def part(name: str) -> Array:
        values = _cut(layer, stored, name)
        return np.asarray(values[number] if layer.by else values, dtype=np.float64)

    if layer.error:
        return {"error_y": {"array": packed(1.96 * part(layer.error)), "thickness": 1, "width": 3}}
    if not layer.low or lines > _NAMED:
        return {}
    middle, low, high = part(layer.trace), part(layer.low), part(layer.high)
    for end in (low, high):
        sides.on("y", end)
    return {"error_y": {"array": packed(high - middle), "arrayminus": packed(middle - low), "thickness": 1, "width": 3}}


def _envelope(view: Any, along: list[float | str], sides: Sides, color: str) -> Drawn:
    """Return the area from the lowest to the highest number of each cell: no spike is lost."""
    x = sides.on("x", along)
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    name = f"lowest to highest of {view.cell_steps // view.info.every:,}"
    low, high = sides.on("y", view.minimum), sides.on("y", view.maximum)
    return [
        edge | {"y": low},
        edge | {"y": high, "fill": "tonexty", "fillcolor": palette.faint(color), "name": name},
    ]


@drawn.register
def _band(layer: Band, stored: Stored, sides: Sides) -> Drawn:
    info, values = stored.declared[layer.trace], stored.values(layer.trace)
    x = sides.on("x", stored.along(layer.trace, info.axes[0]))
    low, high = (sides.on("y", values[..., place]) for place in layer.between)
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        edge | {"y": low, "showlegend": False},
        edge
        | {
            "y": high,
            "fill": "tonexty",
            "fillcolor": palette.faint(palette.hue(layer.hue), 0.15),
            "name": layer.name,
            "showlegend": True,
        },
    ]


@drawn.register
def _heat_map(layer: HeatMap, stored: Stored, sides: Sides) -> Drawn:
    axes, cut = stored.declared[layer.trace].axes, stored.cut(layer.trace, {layer.x, layer.y}, layer.at)
    rows = cut if axes.index(layer.y) < axes.index(layer.x) else cut.T
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = np.log10(rows) if layer.colors.scale == "log" else scaled(layer.colors, rows.astype(np.float64))
    x, y = (sides.on(side, stored.along(layer.trace, axis)) for side, axis in (("x", layer.x), ("y", layer.y)))
    body = {"type": "heatmap", "x": x, "y": y, "hoverongaps": False, "showlegend": False}
    finite = shown[np.isfinite(shown)]
    low, high = (np.quantile(finite, [0.002, 0.998]).tolist()) if finite.size else (0.0, 1.0)
    zero = np.isneginf(shown)
    main = body | {
        "z": packed(np.round(np.where(zero, np.nan, shown), 3)),
        "zmin": low,
        "zmax": high if high > low else low + 1.0,
        "colorscale": "Viridis",
        "colorbar": {"title": {"text": layer.colors.label, "side": "right"}, "thickness": 10, "outlinewidth": 0}
        | _color_ticks(layer, low, high),
        "hovertemplate": f"%{{x}}, %{{y}}<br>{_hover(layer)}<extra></extra>",
    }
    if not zero.any():
        return [main]
    gray = [[0, palette.THEORY], [1, palette.THEORY]]
    exact = {"z": packed(np.where(zero, 1.0, np.nan)), "colorscale": gray, "showscale": False}
    return [main, body | exact | {"hovertemplate": "%{x}, %{y}<br>exactly zero<extra></extra>"}]


def _hover(layer: HeatMap) -> str:
    """Return what a place says of its color, which may stand for an exponent of ten."""
    value = "%{z:.4g}" if layer.colors.scale == "linear" else "10^%{z:.2f}"
    return f"{layer.colors.label}: {value}"


def _color_ticks(layer: HeatMap, low: float, high: float) -> dict[str, Any]:
    """Return the ticks of colors that stand for exponents of ten."""
    if layer.colors.scale == "linear":
        return {}
    whole = range(int(np.ceil(low)), int(np.floor(high)) + 1)
    every = max(1, -(-len(whole) // 7))
    shown = list(whole[::every]) if len(whole) > 1 else [low, high]
    text = [ten(int(k)) if k == int(k) else told(10.0**k) for k in shown]
    return {"tickvals": shown, "ticktext": text}


@drawn.register
def _histogram(layer: Histogram, stored: Stored, sides: Sides) -> Drawn:
    x = sides.on("x", stored.whole(layer.trace).ravel())
    return [
        {
            "type": "histogram",
            "x": x,
            "nbinsx": 60,
            "name": layer.name,
            "showlegend": False,
            "marker": {"color": palette.hue(0)},
        }
    ]


@drawn.register
def _plane(layer: Plane, stored: Stored, sides: Sides) -> Drawn:
    last = _last(stored, layer.trace)
    angles = np.linspace(0.0, 2 * np.pi, 181)
    circle = {"x": sides.on("x", np.cos(angles)), "y": sides.on("y", np.sin(angles)), "mode": "lines"}
    points = {"x": sides.on("x", last[:, 0]), "y": sides.on("y", last[:, 1]), "mode": "markers"}
    return [
        {"type": "scatter", **circle, "line": {"color": palette.THEORY, "width": 1}, "name": "unit circle"},
        {"type": "scatter", **points, "marker": {"color": palette.hue(0), "size": 7}, "name": "eigenvalues"},
    ]


def _last(stored: Stored, trace: str) -> Array:
    """Return the last point of a trace [..., n, coordinates], cut at the last place of the axes between."""
    return stored.cut(trace, stored.declared[trace].axes[-2:], {})


@drawn.register
def _path(layer: Path, stored: Stored, sides: Sides) -> Drawn:
    last = _last(stored, layer.trace)
    color = palette.hue(layer.hue)
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": sides.on("x", last[:, layer.x]),
            "y": sides.on("y", last[:, layer.y]),
            "name": layer.name,
            "showlegend": True,
            "line": {"color": color, "width": 2},
            "marker": {"color": color, "size": 5},
        }
    ]


@drawn.register
def _line(layer: Line, stored: Stored, sides: Sides) -> Drawn:  # noqa: ARG001
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": sides.on("x", layer.x),
            "y": sides.on("y", layer.y),
            "name": layer.name,
            "showlegend": True,
            "line": {"color": palette.THEORY, "width": 1.5, "dash": "dash"},
        }
    ]


@drawn.register
def _level(layer: Level, stored: Stored, sides: Sides) -> Drawn:  # noqa: ARG001
    sides.level(layer.name, layer.value, layer.side)
    return []
