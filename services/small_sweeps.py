"""A metric of the ended runs of small sweeps, kept in its order: each is looked up once, since none changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, text

from services.db import store_of
from services.json_lists import json_list, texts_of
from services.kept import Kept
from services.models import SweepRun, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

MEMBERS = table(SweepRun)
MOST_RUNS = 1500
"""Of the sweeps of one question; more of them make up so much of a metric's order that it is walked instead."""
_MOST_KEPT = 100_000
"""Runs, of all sweeps and metrics together: about 20 MB."""


class Measured(NamedTuple):
    """A row of `run_metrics`."""

    value: float
    run_id: str
    kinds: str
    outcome_kind: str


class _Sweep(NamedTuple):
    measured: list[Measured]
    missing: list[str]
    """Runs that have not ended, or without this metric."""


_sweeps: Kept[_Sweep] = Kept(_MOST_KEPT)


def measured(conn: Connection, sweep_ids: Iterable[str], metric: str) -> list[Measured]:
    """Return the runs of some sweeps that have a metric, each once, by its value and their ids."""
    found = [_of_sweep(conn, sweep_id, metric).measured for sweep_id in sweep_ids]
    return found[0] if len(found) == 1 else sorted({row for rows in found for row in rows})


def _of_sweep(conn: Connection, sweep_id: str, metric: str) -> _Sweep:
    key = (store_of(conn), sweep_id, metric)
    known = _sweeps.get(key) or _Sweep([], _members(conn, sweep_id))
    if known.missing and (new := _looked_up(conn, known.missing, metric)):
        ended = {row.run_id for row in new}
        known = _Sweep(sorted(known.measured + new), [run_id for run_id in known.missing if run_id not in ended])
    _sweeps.put(key, known, len(known.measured) + len(known.missing))
    return known


def _members(conn: Connection, sweep_id: str) -> list[str]:
    return list(conn.execute(select(MEMBERS.c.run_id).where(MEMBERS.c.sweep_id == sweep_id)).scalars())


def _looked_up(conn: Connection, run_ids: list[str], metric: str) -> list[Measured]:
    statement = (
        f"SELECT {', '.join(Measured._fields)} FROM run_metrics"  # noqa: S608 - names of ours
        f" WHERE metric = :metric AND run_id IN ({texts_of(conn, 'ids')})"
    )
    rows = conn.execute(text(statement), {"metric": metric, "ids": json_list(run_ids)})
    return [Measured._make(row) for row in rows]
