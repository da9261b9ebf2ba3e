"""The metric of a comparison over one of its numeric fields: a line each value of the others, with 95 % intervals."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from ltd_core.picture import Axis, Picture, Scale
from ltd_core.plain_picture import worded
from ltd_core.told import percent, told
from services.comparison.positions import SEED
from services.pictures import palette
from services.pictures.figure import Figure, assembled
from services.pictures.sides import Sides, packed

MOST_LINES = 8
_DECADE = 10.0
"""Values that span so much stand on a logarithmic axis."""
Cell = dict[str, Any]


def metric_lines(comparison: dict[str, Any]) -> Figure | None:
    """Return the figure of a comparison; None where no field of it has two numbers, or no cell a value."""
    fields = [comparison[name] for name in ("panels", "rows", "columns") if comparison[name]]
    along = max(range(len(fields)), key=lambda i: len(_places(fields[i])))
    places, others = _places(fields[along]), [field for field in fields if field is not fields[along]]
    cells = np.array((comparison["panels"] or comparison)["cells"], dtype=object)
    rows = np.moveaxis(cells, along, -1).reshape(-1, cells.shape[along]).tolist()
    lines = [(name, row) for name, row in zip(_names(others), rows, strict=True) if any(_finite(cell) for cell in row)]
    if len(places) < 2 or not lines:  # noqa: PLR2004 - one number is no axis
        return None
    x, name = worded(fields[along]["field"]), _metric(comparison)
    numbers = [end for _, row in lines for cell in row if _finite(cell) for end in _ends(cell)]
    y = Axis(name, "linear" if _shared(comparison) else _scale(numbers), share=_shared(comparison))
    picture = Picture(
        "metric", f"How does the {name} depend on the {x}?", Axis(x, _scale(list(places.values()))), y, ()
    )
    sides = Sides(picture.x, picture.y)
    data = [trace for i, line in enumerate(lines[:MOST_LINES]) for trace in _line(*line, places, palette.hue(i), sides)]
    family = ", ".join(worded(field["field"]) for field in others if len(field["values"]) > 1)
    return assembled(picture, sides, data, _caption(comparison, lines, data, x), family)


def _places(field: dict[str, Any]) -> dict[int, float]:
    """Return the numbers among the values of a field, by their place, in order; a seed is none, but a name."""
    if field["field"] == SEED:
        return {}
    found = {i: _number(entry["value"]) for i, entry in enumerate(field["values"])}
    return dict(sorted(((i, x) for i, x in found.items() if x is not None), key=lambda place: place[1]))


def _number(value: Any) -> float | None:
    """Return a value as a number, also that of a list of one, as an experiment over several values has it."""
    if isinstance(value, list) and len(value) == 1:
        return _number(value[0])
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _names(fields: list[dict[str, Any]]) -> list[str]:
    """Return the names of the lines, by what tells them apart."""
    apart = [len(field["values"]) > 1 for field in fields]
    labels = product(*([entry["label"].replace("_", " ") for entry in field["values"]] for field in fields))
    return [", ".join(label for label, kept in zip(line, apart, strict=True) if kept) for line in labels]


def _finite(cell: Cell) -> bool:
    return isinstance(cell["value"], int | float) and math.isfinite(cell["value"])


def _ends(cell: Cell) -> tuple[float, float]:
    """Return the ends of a cell's interval; its value where it has none."""
    low, high = (cell["value"] if isinstance(cell[end], str | None) else cell[end] for end in ("low", "high"))
    return float(low), float(high)


def _scale(values: list[float]) -> Scale:
    return "log" if min(values) > 0 and max(values) >= _DECADE * min(values) else "linear"


def _shared(comparison: dict[str, Any]) -> bool:
    return bool(comparison["metric"]["unit"] == "share")


def _metric(comparison: dict[str, Any]) -> str:
    metric, aggregate = comparison["metric"], comparison["aggregate"].replace("_", " ")
    name = worded(metric["name"])
    if metric["yes_or_no"]:
        return "success rate" if metric["name"] == "success" else f"share {name}"
    return f"{aggregate} of {name}" + ("" if metric["unit"] in {"share", *name.split()} else f" ({metric['unit']})")


def _line(name: str, row: list[Cell], places: dict[int, float], color: str, sides: Sides) -> list[Figure]:
    """Return a line through the cells of its numbers, and one across at the value of what has no number."""
    kept = [(x, row[i]) for i, x in places.items() if _finite(row[i])]
    across = [cell for i, cell in enumerate(row) if i not in places and _finite(cell)]
    ends = list(places.values())
    body = {"type": "scatter", "name": name, "line": {"color": color}, "marker": {"color": color, "size": 6}}
    drawn = [
        body | {"mode": "lines", "x": sides.on("x", [ends[0], ends[-1]]), "y": sides.on("y", [cell["value"]] * 2)}
        for cell in across
    ]
    for line in drawn:
        line |= {"line": {"color": color, "dash": "dot"}, "showlegend": not kept}
    if kept:
        values = np.array([cell["value"] for _, cell in kept], dtype=np.float64)
        low, high = np.array([_ends(cell) for _, cell in kept]).T
        bars = {"array": packed(high - values), "arrayminus": packed(values - low), "thickness": 1, "width": 3}
        points = {"x": sides.on("x", [x for x, _ in kept]), "y": sides.on("y", values), "error_y": bars}
        drawn.append(body | points | {"mode": "lines+markers", "showlegend": bool(name)})
        for end in (low, high):
            sides.on("y", end)
    return drawn


def _caption(comparison: dict[str, Any], lines: list[tuple[str, list[Cell]]], data: list[Figure], x: str) -> str:
    """Say what is best, over how many runs a point is, what bars are, and how many lines are left out."""
    counts = sorted({cell["n"] for _, row in lines for cell in row if _finite(cell)})
    runs = f"{counts[-1]} runs" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} runs"
    parts = [_best(comparison), f"A point is over {runs}, its bar the 95 % interval."]
    if any(line["line"].get("dash") for line in data):
        parts.append(f"Dotted: no {x}.")
    if len(lines) > MOST_LINES:
        parts.append(f"The first {MOST_LINES} of {len(lines)} lines are drawn.")
    return " ".join(filter(None, parts))


def _best(comparison: dict[str, Any]) -> str:
    best = comparison["best"]
    if not best:
        return ""
    tables = comparison["panels"]["cells"] if comparison["panels"] else [comparison["cells"]]
    cell = tables[best["panel"] or 0][best["row"]][best["column"]]
    named = [(comparison[f"{side}s"], best[side]) for side in ("panel", "row", "column") if comparison[f"{side}s"]]
    where = ", ".join(f"{worded(field['field'])} {field['values'][i]['label']}" for field, i in named)
    return f"Best: {(percent if _shared(comparison) else told)(float(cell['value']))} at {where}."
