"""One metric of every run of a sweep: all are read the first time, later those alone that can have changed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import orjson
from sqlalchemy import Connection, TextClause, text

from services.cache import Cache
from services.database.engine import store_of

Array = np.ndarray[Any, np.dtype[Any]]
_MOST_KEPT = 500_000
"""Runs, of all sweeps and metrics together: 40 MB."""
_MOST_AGAIN = 2000
"""Runs that are read by their positions; more of them are read sooner with all the others."""
_RUN = np.dtype([("id", "S32"), ("kinds", "S16"), ("state", "S9"), ("outcome", "S9"), ("value", "f8")])
_COLUMNS = ("position", "id", "kinds", "state", "COALESCE(outcome_kind, '')")


class MetricValues(NamedTuple):
    """By position in the sweep: the run, how it stands, and its value, NaN where there is none."""

    runs: Array

    @property
    def values(self) -> Array:
        """Return the values."""
        found: Array = self.runs["value"]
        return found

    def reason(self, position: int) -> str:
        """Say why a run has no value: it has not ended, or its metric has no meaning for it."""
        state, outcome = (self.runs[position][name].decode() for name in ("state", "outcome"))
        if state != "succeeded":
            return str(state)
        return "diverged" if outcome == "diverged" else "not measured"


_known: Cache[MetricValues] = Cache(_MOST_KEPT)


def metric_values(conn: Connection, sweep_id: str, metric: str) -> MetricValues:
    """Return a metric of all runs of a sweep."""
    key = (store_of(conn), sweep_id, metric)
    found = _known.get(key)
    still_open = [] if found is None else np.flatnonzero(found.runs["state"] != b"succeeded").tolist()
    if found is None or len(still_open) > _MOST_AGAIN:
        found = _read(conn, sweep_id, metric, None, None)
    elif still_open:
        found = _read(conn, sweep_id, metric, found, still_open)
    _known.put(key, found, len(found.runs))
    return found


def measured(conn: Connection, sweep_ids: Iterable[str], metric: str) -> Array:
    """Return the ended runs of some sweeps that have a metric, each once."""
    runs = np.concatenate([metric_values(conn, sweep_id, metric).runs for sweep_id in sweep_ids])
    runs = runs[(runs["state"] == b"succeeded") & ~np.isnan(runs["value"])]
    each_once: Array = runs[np.unique(runs["id"], return_index=True)[1]]
    return each_once


def _read(
    conn: Connection, sweep_id: str, metric: str, before: MetricValues | None, positions: list[int] | None
) -> MetricValues:
    """Read runs, all or those at some positions; as one text a column, since ten thousand rows take long to fetch."""
    postgresql = conn.dialect.name == "postgresql"
    asked = {"sweep": sweep_id, "metric": metric if postgresql else f'$."{metric}"'}
    if positions is not None:
        asked["positions"] = orjson.dumps(positions).decode()
    columns = conn.execute(_statement(postgresql, some=positions is not None), asked).one()
    at, *fields = (orjson.loads(column or "[]") for column in columns)
    runs = np.empty(len(at), _RUN) if before is None else before.runs.copy()
    for name, values in zip(_RUN.names or (), fields, strict=True):
        runs[name][at] = np.array(values, _RUN[name])
    return MetricValues(runs)


@cache
def _statement(postgresql: bool, *, some: bool) -> TextClause:  # noqa: FBT001 - of two dialects
    if postgresql:
        columns = [f"CAST(json_agg({name}) AS text)" for name in (*_COLUMNS, "CAST(summary AS json) -> :metric")]
        chosen = "SELECT CAST(json_array_elements_text(CAST(:positions AS json)) AS integer)"
    else:
        columns = [f"json_group_array({name})" for name in (*_COLUMNS, "json_extract(summary, :metric)")]
        chosen = "SELECT value FROM json_each(:positions)"
    return text(
        f"SELECT {', '.join(columns)} FROM sweep_runs JOIN runs ON runs.id = run_id WHERE sweep_id = :sweep"  # noqa: S608
        + (f" AND position IN ({chosen})" if some else "")
    )
