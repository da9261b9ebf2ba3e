"""SQLite: write-ahead log, explicit transactions, a commit that survives a power loss."""

from __future__ import annotations

import time
from typing import Any

from pysqlite3 import dbapi2
from sqlalchemy import Connection, Engine, create_engine, event

_WAL_SECONDS = 5.0


def engine(url: str, begin: str, lock_seconds: float, pool: dict[str, Any]) -> Engine:
    """Return an engine whose transactions start with the statement `begin`."""
    arguments = {"timeout": lock_seconds, "check_same_thread": False}
    new = create_engine(url, module=dbapi2, connect_args=arguments, **pool)
    event.listen(new, "connect", _prepare)

    @event.listens_for(new, "begin")
    def start(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return new


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver starts no transactions of its own; `begin` does
    # FULL: a 201 survives a power loss. 32 MiB of pages a connection: lists come from memory.
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)


def _use_wal(connection: Any) -> None:
    """Switch to WAL; SQLite's busy timeout does not cover waiting for another connection that switches right now."""
    deadline = time.monotonic() + _WAL_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except dbapi2.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
