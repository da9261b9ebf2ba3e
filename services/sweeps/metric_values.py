"""One metric of every run of a sweep, cached: what has succeeded never changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import orjson
from sqlalchemy import Connection, TextClause, text

from services.cache import Cache
from services.database.engine import store_of
from services.runs.reasons import WITNESSES, reason_of

Array = np.ndarray[Any, np.dtype[Any]]
_MOST_CACHED = 500_000
"""Runs, of all sweeps and metrics together: 40 MB."""
_MOST_REREAD = 2000
"""Runs that are read by their positions; reading all of the sweep is faster than more of them."""
_RUN = np.dtype(
    [("id", "S32"), ("kinds", "S16"), ("state", "S9"), ("outcome", "S9"), ("value", "f8"), ("absent", "u1")]
)
_TOLD, _WITNESSED = 1, 2
"""Of a run without value: its summary names the metric, and its witness has a value."""
_POSTED = text("SELECT created_at FROM sweeps WHERE id = :sweep")
_COLUMNS = ("position", "id", "kinds", "state", "COALESCE(outcome_kind, '')")


class MetricValues(NamedTuple):
    """The runs of a sweep in its order: each with its state, and its value, NaN where there is none.

    A run has a value once it has succeeded: the figures of one that is running or was cancelled are of its way there.
    """

    runs: Array
    metric: str

    @property
    def values(self) -> Array:
        values: Array = self.runs["value"]
        return values

    def reason(self, position: int) -> str:
        """Say why a run has no value: it has not succeeded, or its metric has no meaning for it."""
        state, outcome = (self.runs[position][name].decode() for name in ("state", "outcome"))
        absent = int(self.runs[position]["absent"])
        return reason_of(self.metric, state, outcome, told=bool(absent & _TOLD), witnessed=bool(absent & _WITNESSED))


_cached: Cache[MetricValues] = Cache(_MOST_CACHED)


def metric_values(conn: Connection, sweep_id: str, metric: str) -> MetricValues:
    """Return a metric of all runs of a sweep; of a cached one, only runs that had not succeeded are read again."""
    posted = conn.execute(_POSTED, {"sweep": sweep_id}).scalar()  # one that was deleted may be posted again
    key = (store_of(conn), sweep_id, posted, metric)
    cached = _cached.get(key)
    changing = [] if cached is None else np.flatnonzero(cached.runs["state"] != b"succeeded").tolist()
    if cached is None or len(changing) > _MOST_REREAD:
        cached = _read(conn, sweep_id, metric, None, None)
    elif changing:
        cached = _read(conn, sweep_id, metric, cached, changing)
    _cached.put(key, cached, len(cached.runs))
    return cached


def measured(conn: Connection, sweep_ids: Iterable[str], metric: str) -> Array:
    """Return the ended runs of some sweeps that have a metric, each once."""
    runs = np.concatenate([metric_values(conn, sweep_id, metric).runs for sweep_id in sweep_ids])
    runs = runs[(runs["state"] == b"succeeded") & ~np.isnan(runs["value"])]
    unique: Array = runs[np.unique(runs["id"], return_index=True)[1]]
    return unique


def _read(
    conn: Connection, sweep_id: str, metric: str, before: MetricValues | None, positions: list[int] | None
) -> MetricValues:
    """Read all runs, or those at some positions, as one JSON list a column: fetching 10,000 rows takes longer."""
    postgresql = conn.dialect.name == "postgresql"
    names = {"metric": metric, "witness": WITNESSES.get(metric, "none")}
    paths = names if postgresql else {name: f'$."{path}"' for name, path in names.items()}
    parameters = {"sweep": sweep_id, **paths}
    if positions is not None:
        parameters["positions"] = orjson.dumps(positions).decode()
    columns = conn.execute(_statement(postgresql, some=positions is not None), parameters).one()
    read, *fields = (orjson.loads(column or "[]") for column in columns)
    runs = np.empty(len(read), _RUN) if before is None else before.runs.copy()
    for name, values in zip(_RUN.names or (), fields, strict=True):
        runs[name][read] = np.array(values, _RUN[name])
    runs["value"][runs["state"] != b"succeeded"] = np.nan
    return MetricValues(runs, metric)


def _absent(value: str, told: str, witness: str) -> str:
    """Return the expression of `absent`, which looks no further where there is a value."""
    marks = f"CASE WHEN {told} THEN {_TOLD} ELSE 0 END + CASE WHEN {witness} IS NOT NULL THEN {_WITNESSED} ELSE 0 END"
    return f"CASE WHEN {value} IS NOT NULL THEN 0 ELSE {marks} END"


@cache
def _statement(postgresql: bool, *, some: bool) -> TextClause:  # noqa: FBT001 - of two dialects
    if postgresql:
        summary = "CAST(summary AS json)"
        value, told = f"{summary} -> :metric", f"{summary} -> :metric IS NOT NULL"
        absent = _absent(f"{summary} ->> :metric", told, f"{summary} ->> :witness")
        columns = [f"CAST(json_agg({name}) AS text)" for name in (*_COLUMNS, value, absent)]
        positions = "SELECT CAST(json_array_elements_text(CAST(:positions AS json)) AS integer)"
    else:
        value, told = "json_extract(summary, :metric)", "json_type(summary, :metric) IS NOT NULL"
        absent = _absent(value, told, "json_extract(summary, :witness)")
        columns = [f"json_group_array({name})" for name in (*_COLUMNS, value, absent)]
        positions = "SELECT value FROM json_each(:positions)"
    return text(
        f"SELECT {', '.join(columns)} FROM sweep_runs JOIN runs ON runs.id = run_id WHERE sweep_id = :sweep"  # noqa: S608
        + (f" AND position IN ({positions})" if some else "")
    )
