"""One figure of several groups of runs: one declared picture, a color a group, medians over its runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ltd_core.picture import Curve, Level, Line, Picture
from ltd_core.plain_picture import worded
from ltd_core.trace import TraceInfo
from services.database.engine import Database
from services.errors import BadQuestion
from services.pictures import layers, palette
from services.pictures.figure import Figure, assembled
from services.pictures.reading import pictures_of
from services.pictures.runs_band import Lines, lines_of
from services.pictures.sides import Sides
from services.pictures.stored import Stored
from services.runs import queries
from services.runs.queries import RunView

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
MOST_GROUPS, MOST_RUNS = 12, 200
_SOLID, _DOTTED = {"width": 2.5}, {"width": 1.2, "dash": "dot"}


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that are drawn in one color, and what is written beside it."""

    label: str
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A group's picture as its first run declares it, and the stored numbers of its runs."""

    label: str
    color: str
    picture: Picture
    stored: tuple[Stored, ...]


def overlay(
    db: Database, groups: Sequence[Group], name: str = "", *, family: str = "", **part: Any
) -> tuple[Figure | None, list[Picture]]:
    """Return the figure of one picture, by default the first, and all pictures of these runs that can be one.

    `part` is what is drawn: `start` and `end`, and `max_points` of a curve, 200 by default (see Stored). None where no
    run has begun. Raises BadQuestion for too many groups or runs, and for a picture that cannot be laid over itself.
    """
    _check(groups)
    begun = [(group.label, runs) for group in groups if (runs := _begun(db, group.runs))]
    pictures = [pictures_of(db, runs[0])[1] for _, runs in begun]
    fit = [picture for picture in _known(pictures) if curves_of(picture, begun[0][1][0].spec.traces())]
    if not begun or not (name or fit):
        return None, []
    shown = next((picture.name for picture in fit if name in {"", picture.name}), None)
    if shown is None:
        raise BadQuestion("picture", f"must be one that is made of curves: {', '.join(p.name for p in fit)}", name)
    colors = _colors([label for label, _ in begun])
    drawn = [
        _Drawn(label, color, found[shown], tuple(_stored(db, run, part) for run in runs))
        for (label, runs), color, found in zip(begun, colors, pictures, strict=True)
        if shown in found
    ]
    without = [label for (label, _), found in zip(begun, pictures, strict=True) if shown not in found]
    return _figure(drawn, family, without), fit


def curves_of(picture: Picture, traces: Iterable[TraceInfo]) -> list[Curve]:
    """Return the curves of which a run has one line, the main one first; none where a layer is no curve."""
    first = {info.name: info.axes[0] for info in traces}
    if not all(isinstance(layer, Curve | Line | Level) for layer in picture.layers):
        return []
    curves = [layer for layer in picture.layers if isinstance(layer, Curve)]
    single = [replace(curve, by="") for curve in curves if curve.by in {"", first.get(curve.trace)}]
    return sorted(single, key=lambda curve: curve.style != "bold")


def _check(groups: Sequence[Group]) -> None:
    if len(groups) > MOST_GROUPS:
        raise BadQuestion("cells", f"must be at most {MOST_GROUPS} cells", len(groups))
    if (runs := sum(len(group.runs) for group in groups)) > MOST_RUNS:
        raise BadQuestion("cells", f"must hold at most {MOST_RUNS} runs", runs)


def _begun(db: Database, runs: Sequence[str]) -> list[RunView]:
    return [run for run in queries.some(db, runs) if run.step > 0]


def _known(pictures: Sequence[dict[str, Picture]]) -> list[Picture]:
    """Return the pictures of all groups, without the plain one of a trace that a picture of another group draws."""
    known = {picture.name: picture for found in pictures for picture in found.values()}
    drawn = {trace for picture in known.values() for trace in picture.traces if picture.traces != (trace,)}
    return [picture for picture in known.values() if picture.traces != (picture.name,) or picture.name not in drawn]


def _stored(db: Database, run: RunView, part: dict[str, Any]) -> Stored:
    declared = {info.name: info for info in run.spec.traces()}
    return Stored(db, run.id, declared, run.summary, **{"max_points": 200} | part)


def _colors(labels: Sequence[str]) -> list[str]:
    """Return ordered colors for numbers, and where there are more groups than hues; else distinct ones."""
    ordered = len(labels) > len(palette.HUES) or (len(labels) > 2 and all(map(_NUMBER.fullmatch, labels)))  # noqa: PLR2004
    return [palette.between(i, len(labels)) if ordered else palette.hue(i) for i in range(len(labels))]


def _figure(drawn: Sequence[_Drawn], family: str, without: Sequence[str]) -> Figure:
    picture = drawn[0].picture
    sides = Sides(picture.x, picture.y)
    curves = curves_of(picture, drawn[0].stored[0].declared.values())
    first, *others = curves
    data = [
        trace | {"showlegend": False}
        for curve in others
        for group in drawn
        for trace in lines_of(curve, group.stored).traces(group.label, {"color": group.color, **_DOTTED}, sides)
    ]
    main = [lines_of(first, group.stored) for group in drawn]
    for group, lines in zip(drawn, main, strict=True):
        data += lines.traces(group.label, {"color": group.color, **_SOLID}, sides, shaded=True)
    if others:
        data += [_key(curve, _DOTTED if curve in others else _SOLID) for curve in curves]
    for layer in picture.layers:  # what does not depend on the group
        if isinstance(layer, Line | Level) and all(layer in group.picture.layers for group in drawn):
            data += layers.drawn(layer, drawn[0].stored[0], sides)
    figure = assembled(picture, sides, _told_once(data), _caption(main, picture, first, without), family)
    figure["layout"]["legend"]["traceorder"] = "normal"
    figure["layout"]["legend"]["title"]["side"] = "top"  # long labels need the whole width
    return figure


def _key(curve: Curve, style: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the legend alone: what solid and dotted lines are."""
    name, line = curve.name or worded(curve.trace), {"color": palette.THEORY, **style}
    return {"type": "scatter", "mode": "lines", "x": [None], "y": [None], "name": name, "line": line}


def _told_once(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep in the legend the first of each name."""
    told: set[str] = set()
    for trace in data:
        name = trace.get("name", "")
        trace.setdefault("showlegend", bool(name) and name not in told)
        told |= {name} if trace["showlegend"] else set()
    return data


def _caption(main: Sequence[Lines], picture: Picture, curve: Curve, without: Sequence[str]) -> str:
    """Say what a line and a band are, and which groups have none."""
    counts = sorted({lines.runs for lines in main})
    span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    parts = ["Each line is one run." if counts == [1] else f"Each line is the median over {span} runs."]
    if (points := max(lines.points for lines in main)) > 1:
        parts.append(f"A point is the mean of {points:,} stored ones.")
    by = {layer.by for layer in picture.layers if isinstance(layer, Curve) and layer.trace == curve.trace} - {""}
    parts += [f"Each run is shown at its last {'update' if axis == 'step' else worded(axis)}." for axis in by]
    if any(lines.sparse for lines in main):
        parts.append("Lines join the points that are not exactly zero.")
    if any(lines.ends for lines in main):
        parts.append("A ring: a run ends there; the median is drawn while half of them go on.")
    return " ".join([*parts, *([f"Not traced by {', '.join(without)}."] if without else [])])
