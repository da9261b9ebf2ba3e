"""Connections and transactions, on SQLite and PostgreSQL; driver errors in the service's own words."""

from __future__ import annotations

import select
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import pq
from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import make_url

from services.errors import StoreError, StoreFull, StoreReadOnly, StoreUnavailable
from services.silence import SILENCE_SECONDS, ImpatientConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Dialect

    from services.settings import Settings

LOCK_SECONDS = 5.0
"""How long a transaction waits for a lock before the store counts as unavailable."""
AS_BYTES = {"ltd_binary": True}
"""Execution options of a statement that fetches arrays."""
_MIGRATION_SECONDS = 600.0
"""How long a process waits for another that migrates: a large store takes its time."""
_BEGIN_WRITE = "BEGIN IMMEDIATE"
_STORE = "ltd_store"
_RESTS_SINCE = "ltd_rests_since"
_TRUSTED_SECONDS = 1.0
"""How long a connection that rests is taken to live, unless its server has said that it ends."""
_RANDOM_PAGE_COST = 1.1
"""What is asked for often lies in memory or on flash; PostgreSQL's own figure, 4, is of disks that turn."""
_PORT = 5432
_PREPARED_AFTER = 5
"""Uses of a statement that writes; one that reads is planned each time: a plan for any sweep is a bad one for most."""
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


class RowWriter(NamedTuple):
    """A connection of SQLite's driver, for statements of one row."""

    dialect: Dialect
    driver: Any


class Database:
    """One database; make it after a fork or spawn, never share it across one. Nothing connects before the first use.

    An impatient one takes a PostgreSQL that is silent for SILENCE_SECONDS for unavailable. It is for workers: their
    statements are short, and their leases lapse meanwhile. A large store's upkeep may take longer than that.
    """

    def __init__(self, url: str, *, impatient: bool = False) -> None:
        self.url, self._engine = url, make_engine(url, impatient=impatient)
        self.dialect, self._errors = self._engine.dialect.name, partial(_errors, _place(self._engine))
        self._row_writers: list[Any] = []
        self._engine.update_execution_options(**{_STORE: url})
        # PostgreSQL shows each statement what is committed when it begins, in a transaction or not: two trips fewer
        alone = {} if self.dialect == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self._engine.execution_options(**alone)
        self._writer = self._engine.execution_options(ltd_write=True)

    @contextmanager
    def read(self, *, cursors: bool = False) -> Iterator[Connection]:
        """Yield a connection that only reads: on SQLite all of one moment, on PostgreSQL each statement of its own.

        Rows that come by and by (`yield_per`) need cursors, which PostgreSQL has in transactions alone.
        """
        with self._errors(), (self._engine if cursors else self._reader).connect() as conn, conn.begin():
            _prepare_after(conn, None)
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction; on SQLite it has the write lock from its start."""
        with self._errors(), self._writer.connect() as conn, conn.begin():
            _prepare_after(conn, _PREPARED_AFTER)
            yield conn

    @contextmanager
    def write_row(self) -> Iterator[Connection | RowWriter]:
        """Yield the same for `now` and `services.upsert` alone: on SQLite without what SQLAlchemy does for others."""
        if self.dialect != "sqlite":
            with self.write() as conn:
                yield conn
            return
        with self._errors():
            driver = self._row_writer()
            try:
                driver.execute(_BEGIN_WRITE)
                yield RowWriter(self._engine.dialect, driver)
                driver.commit()
            except BaseException:
                driver.close()  # which rolls back what is not committed
                raise
            self._row_writers.append(driver)

    def _row_writer(self) -> Any:  # noqa: ANN401 - the driver's connection
        """Return a connection that rests, or a new one; to take one from the pool and back takes longer than a row."""
        try:
            return self._row_writers.pop()
        except IndexError:
            pooled = self._engine.raw_connection()
            driver = pooled.driver_connection
            pooled.detach()
            return driver

    def dispose(self) -> None:
        """Close every connection."""
        while self._row_writers:
            self._row_writers.pop().close()
        self._engine.dispose()


def store_of(conn: Connection) -> str:
    """Return the URL of a connection's database: what is kept of it is kept under this."""
    return str(conn.get_execution_options()[_STORE])


def now(conn: Connection | RowWriter) -> float:
    """Return seconds since 1970: the server's clock on PostgreSQL, whose clients' clocks may differ."""
    if isinstance(conn, Connection) and conn.dialect.name == "postgresql":
        return float(conn.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()


def _prepare_after(conn: Connection, uses: int | None) -> None:
    """Say after how many uses PostgreSQL keeps a statement's plan, never for None."""
    if conn.dialect.name == "postgresql":
        driver: Any = conn.connection.driver_connection
        driver.prepare_threshold = uses


def make_engine(url: str, lock_seconds: float | None = None, *, impatient: bool = False) -> Engine:
    """Return an engine that has not connected yet."""
    wait = LOCK_SECONDS if lock_seconds is None else lock_seconds
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, module=sqlite, connect_args={"timeout": wait, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    settings = {
        "lock_timeout": int(wait * 1000),
        # locks of a client that was cut off must go before its lease does, or nobody can take its runs over
        "idle_in_transaction_session_timeout": int(SILENCE_SECONDS * 1000) if impatient else 60_000,
        "tcp_user_timeout": _LOST["tcp_user_timeout"],
        "random_page_cost": _RANDOM_PAGE_COST,
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_timeout=LOCK_SECONDS,
        pool_size=8,
        max_overflow=24,
        connect_args={"connect_timeout": int(LOCK_SECONDS), "options": options, **_LOST},
    )
    if impatient:
        event.listen(engine, "do_connect", lambda _dialect, _record, _args, said: ImpatientConnection.connect(**said))
    event.listen(engine, "before_cursor_execute", _choose_format)
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", partial(_look_after_rest, engine))
    return engine


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema; safe when several processes do it at once."""
    url = settings.database_url
    if make_url(url).get_backend_name() == "sqlite" and (path := make_url(url).database):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = make_engine(url, _MIGRATION_SECONDS)
    try:
        with _errors(_place(engine)), engine.connect().execution_options(ltd_write=True) as conn, conn.begin():
            if engine.dialect.name == "postgresql":
                conn.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    cursor = connection.cursor()
    # FULL: a 201 survives a power loss. 32 MiB a connection: lists come from memory.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    """Take the write lock at once for a writing transaction: one that reads first would fail instead of waiting."""
    driver: Any = conn.connection.driver_connection  # by itself: a third of what SQLAlchemy takes around it
    driver.execute(_BEGIN_WRITE if conn.get_execution_options().get("ltd_write") else "BEGIN")


def _choose_format(*said: Any) -> None:  # noqa: ANN401 - connection, cursor, statement, parameters, context, executemany
    """Fetch arrays as they are in memory, where a statement asks for it: as text they are hexadecimal digits."""
    cursor, context = said[1], said[4]
    if context is not None and context.execution_options.get("ltd_binary"):
        cursor.format = pq.Format.BINARY


def _rests(_connection: object, record: Any) -> None:  # noqa: ANN401 - the pool's record of a connection
    record.info[_RESTS_SINCE] = time.monotonic()


def _look_after_rest(engine: Engine, connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401
    """See that the server still answers on a connection that rested long, or on which it has said something."""
    since = record.info.get(_RESTS_SINCE)
    if since is None:  # made for this very question
        return
    try:
        if time.monotonic() - since >= _TRUSTED_SECONDS or _speaks(connection.fileno()):
            engine.dialect.do_ping(connection)
    except psycopg.Error as error:
        raise exc.InvalidatePoolError from error  # this one and the others of its time are made anew


def _speaks(socket: int) -> bool:
    """Say whether something lies in a socket, an end too; no trip to the server."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _place(engine: Engine) -> str:
    """Return where a server is, without its password; nothing for a file."""
    url = engine.url
    host = url.host or url.query.get("host", "localhost")
    return f" at {host}:{url.port or _PORT}/{url.database}" if engine.dialect.name == "postgresql" else ""


@contextmanager
def _errors(place: str) -> Iterator[None]:
    try:
        yield
    except (
        exc.OperationalError,
        exc.InterfaceError,
        exc.InternalError,
        exc.TimeoutError,
        sqlite.OperationalError,
    ) as error:
        raise _translated(error, place) from error


def _translated(error: Exception, place: str) -> StoreError:
    cause = getattr(error, "orig", error)
    words = " ".join(str(cause).split())  # one line of a log
    both = f"{type(cause).__name__} {words}".lower()
    if any(sign in both for sign in _FULL):
        return StoreFull(f"the database has no room left: {words}")
    if any(sign in both for sign in _READ_ONLY):
        return StoreReadOnly(f"the database cannot be written: {words}")
    if isinstance(cause, psycopg.Error) and cause.sqlstate is None:  # not said by a server that took us in
        words += "; is it running, reachable from here, and LTD_DATABASE_URL right?"
    return StoreUnavailable(f"the database{place} is unavailable: {words}")
