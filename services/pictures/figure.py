"""Turns a declared picture and stored numbers into a figure as Plotly's JSON has it."""

from __future__ import annotations

from typing import Any

from ltd_core.picture import Band, Curve, HeatMap, Layer, Picture, Plane
from services.pictures.layers import drawn
from services.pictures.sides import Sides
from services.pictures.stored import Stored

Figure = dict[str, Any]
_SMALL = {"font": {"size": 11}}
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"} | _SMALL


def figure(picture: Picture, stored: Stored) -> Figure:
    """Return a picture's name, question, answer, and what Plotly draws; colors of text and ground are the viewer's."""
    sides = Sides(picture.x, picture.y)
    data = [trace for layer in picture.layers for trace in drawn(layer, stored, sides)]
    family = next((layer.name for layer in picture.layers if isinstance(layer, Curve) and layer.by), "")
    made = assembled(picture, sides, data, picture.caption(stored), family)
    return made | {"zoomable": any(_finer_along_x(layer, stored) for layer in picture.layers)}


def _finer_along_x(layer: Layer, stored: Stored) -> bool:
    """Return whether finer points are stored than are drawn, and x is the steps, by which a zoom asks for them."""
    if not isinstance(layer, Curve | Band | HeatMap):
        return False
    info = stored.declared[layer.trace]
    first = info.axes[0]
    x = layer.x if isinstance(layer, HeatMap) else layer.along if isinstance(layer, Curve) else first
    return x == first and not info.along(first) and stored.view(layer.trace).level > 0


def assembled(picture: Picture, sides: Sides, data: list[Figure], caption: str, family: str) -> Figure:
    """Return a figure of drawn traces; `family` is what the names in its legend are values of."""
    layout: Figure = {
        "xaxis": sides.layout("x"),
        "yaxis": sides.layout("y"),
        "shapes": sides.levels,
        "showlegend": len([trace for trace in data if trace.get("showlegend", False)]) > 1,
        "legend": _LEGEND | {"title": {"text": family} | _SMALL},
        "hovermode": "closest",
    }
    if any(isinstance(layer, Plane) for layer in picture.layers):
        layout["yaxis"]["scaleanchor"] = "x"
    return {
        "name": picture.name,
        "title": picture.title,
        "caption": caption,
        "traces": list(picture.traces),
        "zoomable": False,
        "data": data,
        "layout": layout,
    }
