"""Cells of a comparison as groups of runs, named by what tells them apart."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from services.comparison.table import compare
from services.database.engine import Database
from services.errors import BadQuestion
from services.pictures.overlay import Group

SIDES = ("rows", "columns", "panels")
Place = tuple[int, ...]
"""Panel, where there are any, row and column."""
_PLACES = re.compile(r"\d{1,6}(,\d{1,6}){1,2}(;\d{1,6}(,\d{1,6}){1,2})*", re.ASCII)


def groups_of(db: Database, sweep_id: str, cells: str | None = None, **sides: Any) -> dict[str, Any]:
    """Return the groups of some cells, all by default, and the family of their labels; raises BadQuestion."""
    return groups(compare(db, sweep_id, **sides), cells)


def groups(comparison: dict[str, Any], cells: str | None = None) -> dict[str, Any]:
    """Return the groups of cells of a comparison, in their order, and the family of their labels."""
    fields = [comparison[side] for side in ("panels", "rows", "columns") if comparison[side]]
    places = _places(cells, [len(field["values"]) for field in fields])
    apart = [i for i in range(len(fields)) if len({place[i] for place in places}) > 1]
    named = apart or range(len(fields))
    found = [
        Group(", ".join(_words(fields[i]["values"][place[i]]["label"]) for i in named), tuple(_runs(comparison, place)))
        for place in places
    ]
    return {
        "groups": [group for group in found if group.runs],
        "family": ", ".join(_words(fields[i]["field"]).replace(".", " ") for i in named),
    }


def _words(name: str) -> str:
    return name.replace("_", " ")


def _places(cells: str | None, sizes: list[int]) -> list[Place]:
    if not cells:
        return list(product(*map(range, sizes)))
    places = [tuple(map(int, place.split(","))) for place in cells.split(";")] if _PLACES.fullmatch(cells) else []
    fits = [len(p) == len(sizes) and all(i < size for i, size in zip(p, sizes, strict=True)) for p in places]
    if not fits or not all(fits):
        shape = " x ".join(map(str, sizes))
        raise BadQuestion(
            "cells", f"must be places such as {','.join('0' for _ in sizes)} in a table of {shape}", cells
        )
    return list(dict.fromkeys(places))


def _runs(comparison: dict[str, Any], place: Place) -> list[str]:
    *panel, row, column = place
    table = comparison["panels"]["cells"][panel[0]] if panel else comparison["cells"]
    runs: list[str] = table[row][column]["runs"]
    return runs
