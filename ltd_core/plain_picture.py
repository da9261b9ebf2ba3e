"""The picture of a trace of which nobody has said what it shows: a curve, or colors over its first two axes."""

from __future__ import annotations

from ltd_core.picture import Axis, Curve, HeatMap, Picture
from ltd_core.trace import TraceInfo


def plain_picture(info: TraceInfo) -> Picture:
    """Return a picture of a trace by its axes, the last places of those after the second."""
    along, title = info.axes[0], info.description
    label, x = f"{worded(info.name)} ({info.unit})", Axis("update" if along == "step" else worded(along))
    if len(info.axes) == 1:
        return Picture(info.name, title, x, Axis(label), (Curve(info.name, along),))
    layer = HeatMap(info.name, along, info.axes[1], Axis(label))
    return Picture(info.name, title, x, Axis(worded(info.axes[1])), (layer,))


def worded(name: str) -> str:
    """Return the name of a trace, a metric or a field as words: "clipping.batch_size" as "clipping batch size"."""
    return name.replace("_", " ").replace(".", " ")
