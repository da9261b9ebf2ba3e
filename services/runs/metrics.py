"""The numbers of ended runs as rows, so that lists are ordered and cut by them without reading a summary."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from services.database.models import RunMetric, table
from services.database.rows import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

METRICS = table(RunMetric)


def rows(run_id: str, kinds: str, outcome: str, summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row a finite number of a summary."""
    for metric, value in summary.items():
        if value is not None and math.isfinite(value):
            yield {"run_id": run_id, "metric": metric, "kinds": kinds, "outcome_kind": outcome, "value": float(value)}


def store(conn: Connection, found: Iterable[dict[str, Any]]) -> None:
    """Keep the rows that are not there yet, inside the caller's transaction."""
    if made := list(found):
        upsert(conn, METRICS, made, replace=())
