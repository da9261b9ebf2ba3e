"""Connections and transactions, on SQLite and PostgreSQL; driver errors in the service's own words.

A database has two engines: one reads, one writes. PostgreSQL takes 100 connections unless its `max_connections` says
otherwise, 97 of them ours. An API process holds at most READERS + WRITERS = 12, a worker process 2 (its loop writes,
and so does its lease keeper), the process that starts them 2: one API process and 41 worker processes need 96.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from psycopg import pq
from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import make_url

from services.errors import NotMigrated, SchemaUnknown, StoreError, StoreFull, StoreReadOnly, StoreUnavailable
from services.silence import SILENCE_SECONDS, ImpatientConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.settings import Settings

LOCK_SECONDS = 5.0
"""How long a transaction waits for a lock, or a thread for a connection, before the store counts as unavailable."""
READERS, WRITERS = 8, 4
"""Connections of a process, made when they are needed; more threads than these wait for their turn."""
_MIGRATION_SECONDS = 600.0
"""How long a process waits for another that migrates: a large store takes its time."""
_STORE = "ltd_store"
_RANDOM_PAGE_COST = 1.1
"""What is asked for often lies in memory or on flash; PostgreSQL's own figure, 4, is of disks that turn."""
_PORT = 5432
_LOST = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""A server that acknowledges nothing for about 20 s is away; by default the kernel goes on for a quarter of an hour."""
_MIGRATION_LOCK = 7_305_171_204
_FULL = ("disk is full", "no space left", "diskfull", "out of memory")
_READ_ONLY = ("readonly database", "read-only")
_NO_TABLES = ("no such table", "no such column", "undefinedtable", "undefinedcolumn")


class Database:
    """One database; make it after a fork or spawn, never share it across one. Nothing connects before the first use.

    An impatient one takes a PostgreSQL that is silent for SILENCE_SECONDS for unavailable. It is for workers: their
    statements are short, and their leases lapse meanwhile. A large store's upkeep may take longer than that.
    """

    def __init__(self, url: str, *, impatient: bool = False) -> None:
        self.url, self._reader, self._writer = url, read_engine(url), write_engine(url)
        self.dialect, self._errors = self._reader.dialect.name, partial(_errors, _address(self._reader))
        if impatient and self.dialect == "postgresql":
            for engine in (self._reader, self._writer):
                event.listen(engine, "do_connect", _connect_impatiently)
        self._streamer = self._reader
        if self.dialect == "postgresql":
            event.listen(self._reader, "before_cursor_execute", _fetch_binary)
            event.listen(self._writer, "before_cursor_execute", _fetch_binary)
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
        """Yield a connection in a transaction; on SQLite it has the write lock from its start."""
        with self._errors(), self._writer.begin() as conn:
            yield conn

    def dispose(self) -> None:
        """Close every connection."""
        self._reader.dispose()
        self._writer.dispose()


def store_of(conn: Connection) -> str:
    """Return the URL of a connection's database: what is kept of it is kept under this."""
    return str(conn.get_execution_options()[_STORE])


def now(conn: Connection) -> float:
    """Return seconds since 1970: the server's clock on PostgreSQL, whose clients' clocks may differ."""
    if conn.dialect.name == "postgresql":
        return float(conn.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()


def read_engine(url: str) -> Engine:
    """Return an engine for questions; it has not connected yet."""
    if _is_sqlite(url):
        return _sqlite_engine(url, "BEGIN", LOCK_SECONDS, READERS)
    # AUTOCOMMIT spares two trips: each statement sees what is committed when it begins, in a transaction or not.
    # Nothing is prepared: a plan for any sweep is a bad one for most.
    return _postgresql_engine(url, LOCK_SECONDS, READERS, None, isolation_level="AUTOCOMMIT")


def write_engine(url: str, lock_seconds: float | None = None) -> Engine:
    """Return an engine for transactions that write; it has not connected yet."""
    wait = LOCK_SECONDS if lock_seconds is None else lock_seconds
    if _is_sqlite(url):  # the lock is taken at once: a transaction that reads first would fail instead of waiting
        return _sqlite_engine(url, "BEGIN IMMEDIATE", wait, WRITERS)
    return _postgresql_engine(url, wait, WRITERS, 5)


def migrate(settings: Settings, to: str = "head") -> None:
    """Bring the database to a schema, the newest by default; safe when several processes do it at once.

    Raises SchemaUnknown where `to`, or the schema that the database has, is none of this release.
    """
    url = settings.database_url
    if _is_sqlite(url) and (path := make_url(url).database):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    engine = write_engine(url, _MIGRATION_SECONDS)
    try:
        with _errors(_address(engine)), engine.begin() as conn:
            if engine.dialect.name == "postgresql":
                conn.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = conn
            stands = MigrationContext.configure(conn).get_current_revision()
            back = stands is not None and to < stands  # "head" is above every number
            (command.downgrade if back else command.upgrade)(config, to)
    except CommandError as error:
        raise SchemaUnknown(f"{error}: migrate with the release that knows it") from error
    finally:
        engine.dispose()


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def _sqlite_engine(url: str, begin: str, lock_seconds: float, connections: int) -> Engine:
    engine = create_engine(
        url,
        module=sqlite,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=LOCK_SECONDS,
        execution_options={_STORE: url},
        connect_args={"timeout": lock_seconds, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", partial(_begin_sqlite, begin))
    return engine


def _postgresql_engine(
    url: str,
    lock_seconds: float,
    connections: int,
    prepare_threshold: int | None,
    **more: Any,
) -> Engine:
    """Return an engine; a statement is prepared after so many uses, never for None."""
    settings = {
        "lock_timeout": int(lock_seconds * 1000),
        "idle_in_transaction_session_timeout": 60_000,
        "tcp_user_timeout": _LOST["tcp_user_timeout"],
        "random_page_cost": _RANDOM_PAGE_COST,
    }
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=LOCK_SECONDS,
        pool_pre_ping=True,
        execution_options={_STORE: url},
        connect_args={
            "connect_timeout": int(LOCK_SECONDS),
            "prepare_threshold": prepare_threshold,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            **_LOST,
        },
        **more,
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    # FULL: a 201 survives a power loss. 32 MiB a connection: lists come from memory.
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)


def _use_wal(connection: Any) -> None:
    """Switch to WAL: SQLite does not wait by itself for another connection that switches a new database just now."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(begin: str, conn: Connection) -> None:
    conn.exec_driver_sql(begin)


def _fetch_binary(_conn: object, cursor: Any, *_: object) -> None:
    """Fetch values as they are in memory: arrays as text are hexadecimal digits."""
    cursor.format = pq.Format.BINARY


def _connect_impatiently(_dialect: object, _record: object, _args: object, given: dict[str, Any]) -> Any:
    """Connect a worker; one that is cut off loses its locks before its lease, or nobody could take its runs over."""
    given["options"] += f" -c idle_in_transaction_session_timeout={int(SILENCE_SECONDS * 1000)}"
    return ImpatientConnection.connect(**given)


def _address(engine: Engine) -> str:
    """Return where a server is, without its password; nothing for a file."""
    url = engine.url
    host = url.host or url.query.get("host", "localhost")
    return f" at {host}:{url.port or _PORT}/{url.database}" if engine.dialect.name == "postgresql" else ""


@contextmanager
def _errors(address: str) -> Iterator[None]:
    try:
        yield
    except (
        exc.OperationalError,
        exc.InterfaceError,
        exc.InternalError,
        exc.TimeoutError,
        exc.ProgrammingError,
        sqlite.OperationalError,
    ) as error:
        translated = _translated(error, address)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception, address: str) -> StoreError | None:
    """Return an error of the driver as ours; None for a mistake in a statement of ours."""
    cause = getattr(error, "orig", error)
    words = " ".join(str(cause).split())  # one line of a log
    both = f"{type(cause).__name__} {words}".lower()
    if any(sign in both for sign in _FULL):
        return StoreFull(f"the database has no room left: {words}")
    if any(sign in both for sign in _READ_ONLY):
        return StoreReadOnly(f"the database cannot be written: {words}")
    if any(sign in both for sign in _NO_TABLES):
        return NotMigrated(f"the database is not migrated (python -m services.migrate): {words}")
    if isinstance(error, exc.ProgrammingError):
        return None
    if isinstance(cause, psycopg.Error) and cause.sqlstate is None:  # not said by a server that took us in
        words += "; is it running, reachable from here, and LTD_DATABASE_URL right?"
    return StoreUnavailable(f"the database{address} is unavailable: {words}")
