"""Turns a declared picture and stored numbers into a figure as Plotly's JSON has it."""

from __future__ import annotations

from typing import Any

from ltd_core.picture import Curve, Picture, Plane
from services.pictures.layers import drawn
from services.pictures.sides import Sides
from services.pictures.stored import Stored

Figure = dict[str, Any]


def figure(picture: Picture, stored: Stored) -> Figure:
    """Return a picture's name, question, answer, and what Plotly draws; colors of text and ground are the viewer's."""
    sides = Sides(picture.x, picture.y)
    data = [trace for layer in picture.layers for trace in drawn(layer, stored, sides)]
    made = assembled(picture, sides, data, picture.caption(stored), _family(picture))
    return made | {"zoomable": any(stored.view(name).level for name in picture.traces)}


def assembled(picture: Picture, sides: Sides, data: list[Figure], caption: str, family: str) -> Figure:
    """Return a figure of drawn traces; `family` is what the names in its legend are values of."""
    layout: Figure = {
        "xaxis": sides.layout("x"),
        "yaxis": sides.layout("y"),
        "shapes": sides.levels,
        "showlegend": len([trace for trace in data if trace.get("showlegend", False)]) > 1,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 11},
            "title": {"text": family, "font": {"size": 11}},
        },
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


def _family(picture: Picture) -> str:
    """Return what the values in the legend are values of."""
    return next((layer.name for layer in picture.layers if isinstance(layer, Curve) and layer.by), "")
