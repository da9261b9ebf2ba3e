"""The stored traces of a run, as they are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.traces.reading import declared_traces
from services.traces.stored import StoredTrace

if TYPE_CHECKING:
    from sqlalchemy import Connection


def traces_of(conn: Connection, run_id: str) -> list[StoredTrace]:
    """Return what a run's specification declares and the store has points of."""
    declared = declared_traces(conn, run_id).values()
    found = [StoredTrace(conn, run_id, info.name, info.every, info.size) for info in declared]
    return [trace for trace in found if trace.total]
