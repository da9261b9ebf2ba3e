"""Cells of a comparison as groups of runs, named by what tells them apart."""

from __future__ import annotations

import re
from itertools import product
from operator import lt
from typing import Any

from ltd_core.plain_picture import worded
from services.errors import BadQuestion
from services.pictures.overlay import Group

SIDES = ("rows", "columns", "panels")
Place = tuple[int, ...]
"""Panel, where there are any, row and column."""
_PLACES = re.compile(r"\d{1,6}(,\d{1,6}){1,2}(;\d{1,6}(,\d{1,6}){1,2})*", re.ASCII)


def groups(comparison: dict[str, Any], cells: str | None = None) -> dict[str, Any]:
    """Return the groups of cells of a comparison, in their order, and the family of their labels."""
    fields = [comparison[side] for side in ("panels", "rows", "columns") if comparison[side]]
    places = _places(cells, [len(field["values"]) for field in fields])
    apart = [i for i in range(len(fields)) if len({place[i] for place in places}) > 1]
    named = apart or range(len(fields))
    found = [
        Group(
            ", ".join(fields[i]["values"][place[i]]["label"].replace("_", " ") for i in named), _runs(comparison, place)
        )
        for place in places
    ]
    return {
        "groups": [group for group in found if group.runs],
        "family": ", ".join(worded(fields[i]["field"]) for i in named),
    }


def _places(cells: str | None, sizes: list[int]) -> list[Place]:
    if not cells:
        return list(product(*map(range, sizes)))
    places = [tuple(map(int, place.split(","))) for place in cells.split(";")] if _PLACES.fullmatch(cells) else []
    if not places or not all(len(p) == len(sizes) and all(map(lt, p, sizes)) for p in places):
        example, shape = ",".join("0" * len(sizes)), " x ".join(map(str, sizes))
        raise BadQuestion("cells", f"must be places such as {example} in a table of {shape}", cells)
    return list(dict.fromkeys(places))


def _runs(comparison: dict[str, Any], place: Place) -> tuple[str, ...]:
    *panel, row, column = place
    table = comparison["panels"]["cells"][panel[0]] if panel else comparison["cells"]
    return tuple(table[row][column]["runs"])
