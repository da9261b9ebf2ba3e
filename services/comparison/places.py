"""Where the runs of a sweep stand in a table of two or three fields; they never move, so places are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from sqlalchemy import select

from services.cache import Kept
from services.database.engine import Database
from services.database.models import SweepRun, table
from services.sweeps.posted import Grid

MEMBERS = table(SweepRun)
SEED = "seed"
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Places:
    """Of each run by its position in the sweep: its id, and the number of its value in `values`, by field."""

    ids: list[str]
    at: np.ndarray[Any, np.dtype[np.int64]]
    """[fields, runs]"""
    values: list[list[Any]]
    """The values of each field, in the order of its axis; numbers by size."""


_known: Kept[Places] = Kept(_KEPT)


def places(db: Database, sweep: Grid, fields: tuple[str, ...]) -> Places:
    """Return the places of a sweep's runs by some fields, which every run's specification has or lacks."""
    key = (sweep.id, fields)
    found = _known.get(key)
    if found is None:
        found = _places(db, sweep, fields)
        _known.put(key, found)
    return found


def field_of(full: Any, name: str) -> Any:
    """Return a dotted field of a specification in full, None where it has none."""
    for part in name.split("."):
        full = full.get(part) if isinstance(full, dict) else None
    return full


def _places(db: Database, sweep: Grid, fields: tuple[str, ...]) -> Places:
    query = select(MEMBERS.c.run_id, MEMBERS.c.coordinates).where(MEMBERS.c.sweep_id == sweep.id)
    with db.read() as conn:
        rows = conn.execute(query.order_by(MEMBERS.c.position)).all()
    beside = any(name not in sweep.axes and name != SEED for name in fields)
    specs: dict[bytes, Any] = {}
    keys: list[list[bytes]] = [[] for _ in fields]
    for _, text in rows:
        at = orjson.loads(text)
        full = _full(sweep, at, specs) if beside else {}
        for name, its in zip(fields, keys, strict=True):
            its.append(_key(at[name] if name in at else field_of(full, name)))
    ordered = [_ordered(sweep, name, list(dict.fromkeys(its))) for name, its in zip(fields, keys, strict=True)]
    numbers = [{key: i for i, key in enumerate(its)} for its in ordered]
    at_fields = [[known[key] for key in its] for known, its in zip(numbers, keys, strict=True)]
    return Places(
        ids=[row[0] for row in rows],
        at=np.array(at_fields, np.int64).reshape(len(fields), len(rows)),
        values=[[orjson.loads(key) for key in its] for its in ordered],
    )


def _full(sweep: Grid, at: dict[str, Any], known: dict[bytes, Any]) -> Any:
    """Return a run's specification in full; those of runs that differ in their seed alone differ in nothing else."""
    apart = {name: value for name, value in at.items() if name != SEED}
    key = _key(apart)
    if key not in known:
        known[key] = sweep.spec_at(at).full()
    return known[key]


def _key(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _ordered(sweep: Grid, name: str, keys: list[bytes]) -> list[bytes]:
    """Return the values in the axis's own order, else that of the runs; numbers by size."""
    values = {key: orjson.loads(key) for key in keys}
    if all(isinstance(value, int | float) for value in values.values()):
        return sorted(keys, key=lambda key: float(values[key]))
    asked = {_key(value): i for i, value in enumerate(sweep.axes.get(name, []))}
    return sorted(keys, key=lambda key: (asked.get(key, len(asked)), _within(values[key])))


def _within(value: Any) -> tuple[bool, float]:
    """Put numbers in their order, and what is none before them."""
    number = isinstance(value, int | float)
    return number, float(value) if number else 0.0
