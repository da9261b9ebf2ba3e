"""How much space everything takes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, text

from services.database.engine import Database
from services.database.models import Base, RunState, table
from services.traces.rows import BLOCKS, PAGES

STATES = table(RunState)


def usage(db: Database) -> dict[str, Any]:
    """Return bytes of the whole database, rows by table, and bytes of arrays by trace."""
    with db.read() as conn:
        rows = {
            name: int(conn.execute(select(func.count()).select_from(rows_of)).scalar_one())
            for name, rows_of in Base.metadata.tables.items()
        }
        states = conn.execute(select(func.coalesce(func.sum(func.length(STATES.c.payload)), 0))).scalar_one()
        return {"bytes": _size(conn), "rows": rows, "states_bytes": int(states), "traces": _traces(conn)}


def _traces(conn: Connection) -> list[dict[str, Any]]:
    """Return each trace's blocks and pages, most bytes first."""
    traces: dict[str, dict[str, Any]] = {}
    for kind, rows in (("blocks", BLOCKS), ("pages", PAGES)):
        query = select(rows.c.trace, func.count(), func.sum(func.length(rows.c.payload))).group_by(rows.c.trace)
        for name, count, size in conn.execute(query):
            empty = {"name": name, "blocks": 0, "blocks_bytes": 0, "pages": 0, "pages_bytes": 0}
            traces.setdefault(name, empty).update({kind: count, f"{kind}_bytes": int(size)})
    return sorted(traces.values(), key=lambda trace: (-trace["blocks_bytes"] - trace["pages_bytes"], trace["name"]))


def _size(conn: Connection) -> int:
    if conn.dialect.name == "postgresql":
        return int(conn.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages, size = (conn.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "page_size"))
    return int(pages * size)
