"""Connections and transactions on SQLite and PostgreSQL.

A database has two engines, since what suits a transaction that reads is wrong for one that writes. On SQLite a writer
takes the only write lock when it begins, and a reader takes none. On PostgreSQL readers run in autocommit without
prepared statements, writers in transactions with them (`services.database.postgresql`).

PostgreSQL accepts 100 connections unless its `max_connections` says otherwise, 97 of them ours. An API process holds at
most READERS + WRITERS = 12, a worker process 2 (its loop writes, and so does its lease keeper), the process that starts
them 2: one API process and 41 worker processes need 96.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from services.database import postgresql, sqlite
from services.database.failures import translated

LOCK_SECONDS = 5.0
"""How long a transaction waits for a lock, or a thread for a connection, before the store counts as unavailable."""
READERS, WRITERS = 8, 4
"""Connections of a process, opened when they are needed; further threads wait for one."""
_STORE = "ltd_store"


class Database:
    """One database. Create it after a fork or spawn and never share it across one; it connects at its first use.

    `impatient` is for workers: a PostgreSQL that is silent for `postgresql.SILENCE_SECONDS` counts as unavailable.
    Their statements are short, and their leases expire meanwhile; maintenance of a large store may take longer.
    """

    def __init__(self, url: str, *, impatient: bool = False) -> None:
        self.url = url
        self._reader, self._writer = read_engine(url, impatient=impatient), write_engine(url, impatient=impatient)
        self.dialect, self._errors = self._reader.dialect.name, partial(translated, self._reader)
        self._streamer = self._reader
        if self.dialect == "postgresql":
            postgresql.fetch_binary(self._reader)
            postgresql.fetch_binary(self._writer)
            self._streamer = self._reader.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def read(self, *, cursors: bool = False) -> Iterator[Connection]:
        """Yield a read-only connection: one snapshot on SQLite, one snapshot per statement on PostgreSQL.

        Pass `cursors=True` to stream rows (`yield_per`): PostgreSQL allows server-side cursors only in a transaction.
        """
        with self._errors(), (self._streamer if cursors else self._reader).begin() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction; on SQLite it holds the write lock from its start."""
        with self._errors(), self._writer.begin() as conn:
            yield conn

    def dispose(self) -> None:
        """Close every connection."""
        self._reader.dispose()
        self._writer.dispose()


def store_of(conn: Connection) -> str:
    """Return the URL of a connection's database: part of the key of everything that is cached of it."""
    return str(conn.get_execution_options()[_STORE])


def clock(conn: Connection) -> float:
    """Return seconds since 1970, by the server's clock on PostgreSQL: its clients' clocks may differ."""
    if conn.dialect.name == "postgresql":
        return float(conn.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()


def is_sqlite(url: str) -> bool:
    """Say which of the two databases a URL names."""
    return make_url(url).get_backend_name() == "sqlite"


def read_engine(url: str, *, impatient: bool = False) -> Engine:
    """Return an engine for queries."""
    if is_sqlite(url):
        return sqlite.engine(url, "BEGIN", LOCK_SECONDS, _pool(url, READERS))
    return postgresql.read_engine(url, LOCK_SECONDS, _pool(url, READERS), impatient=impatient)


def write_engine(url: str, lock_seconds: float | None = None, *, impatient: bool = False) -> Engine:
    """Return an engine for transactions that write."""
    wait = LOCK_SECONDS if lock_seconds is None else lock_seconds
    if is_sqlite(url):  # IMMEDIATE locks at once: a transaction that reads first would fail instead of waiting
        return sqlite.engine(url, "BEGIN IMMEDIATE", wait, _pool(url, WRITERS))
    return postgresql.write_engine(url, wait, _pool(url, WRITERS), impatient=impatient)


def _pool(url: str, connections: int) -> dict[str, Any]:
    """Return the arguments of `create_engine` that both databases share."""
    limits = {"pool_size": connections, "max_overflow": 0, "pool_timeout": LOCK_SECONDS}
    return limits | {"execution_options": {_STORE: url}}
