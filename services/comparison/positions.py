"""Maps each run of a sweep to its cell in a comparison table; cached, since a sweep's runs never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from sqlalchemy import select

from services.cache import Cache
from services.database.engine import Database
from services.database.models import SweepRun, table
from services.sweeps.posted import Grid

MEMBERS = table(SweepRun)
SEED = "seed"
_MOST_CACHED = 8


@dataclass(frozen=True, slots=True)
class Positions:
    """The runs of a sweep in its order, each with the index of its value in `values`, by field."""

    ids: list[str]
    index: np.ndarray[Any, np.dtype[np.int64]]
    """[fields, runs]"""
    values: list[list[Any]]
    """The values of each field, in the order of its axis; numbers by size."""


_cached: Cache[Positions] = Cache(_MOST_CACHED)


def positions(db: Database, sweep: Grid, fields: tuple[str, ...]) -> Positions:
    """Return the positions of a sweep's runs by some fields of their specifications; a field may be missing in some."""
    key = (sweep.id, fields)
    cached = _cached.get(key)
    if cached is None:
        cached = _positions(db, sweep, fields)
        _cached.put(key, cached)
    return cached


def field_of(full: Any, name: str) -> Any:
    """Return a dotted field of a full specification, None where it has none."""
    for part in name.split("."):
        full = full.get(part) if isinstance(full, dict) else None
    return full


def key_of(value: Any) -> bytes:
    """Return JSON that is equal for equal values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _positions(db: Database, sweep: Grid, fields: tuple[str, ...]) -> Positions:
    query = select(MEMBERS.c.run_id, MEMBERS.c.coordinates).where(MEMBERS.c.sweep_id == sweep.id)
    with db.read() as conn:
        rows = conn.execute(query.order_by(MEMBERS.c.position)).all()
    derived = any(name not in sweep.axes and name != SEED for name in fields)
    specs: dict[bytes, Any] = {}
    keys: list[list[bytes]] = [[] for _ in fields]
    for _, text in rows:
        coordinates = orjson.loads(text)
        full = _full(sweep, coordinates, specs) if derived else {}
        for name, column in zip(fields, keys, strict=True):
            column.append(key_of(coordinates[name] if name in coordinates else field_of(full, name)))
    values = [_ordered(sweep, name, list(dict.fromkeys(column))) for name, column in zip(fields, keys, strict=True)]
    numbers = [{key: number for number, key in enumerate(ordered)} for ordered in values]
    index = [[number[key] for key in column] for number, column in zip(numbers, keys, strict=True)]
    return Positions(
        ids=[row[0] for row in rows],
        index=np.array(index, np.int64).reshape(len(fields), len(rows)),
        values=[[orjson.loads(key) for key in ordered] for ordered in values],
    )


def _full(sweep: Grid, coordinates: dict[str, Any], specs: dict[bytes, Any]) -> Any:
    """Return a run's full specification, the same one for runs that differ in their seed alone."""
    key = key_of({name: value for name, value in coordinates.items() if name != SEED})
    if key not in specs:
        specs[key] = sweep.spec_at(coordinates).full()
    return specs[key]


def _ordered(sweep: Grid, name: str, keys: list[bytes]) -> list[bytes]:
    """Return the values in the axis's own order, else that of the runs; numbers by size, before them what is none."""
    values = {key: orjson.loads(key) for key in keys}
    if all(isinstance(value, int | float) for value in values.values()):
        return sorted(keys, key=lambda key: float(values[key]))
    asked = {key_of(value): number for number, value in enumerate(sweep.axes.get(name, []))}

    def rank(key: bytes) -> tuple[int, bool, float]:
        number = isinstance(values[key], int | float)
        return asked.get(key, len(asked)), number, float(values[key]) if number else 0.0

    return sorted(keys, key=rank)
