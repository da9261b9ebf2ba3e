"""Errors of the database drivers as `services.errors`: unavailable, full, read-only, not migrated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from pysqlite3 import dbapi2
from sqlalchemy import Engine, exc

from services.errors import NotMigrated, StoreError, StoreFull, StoreReadOnly, StoreUnavailable

_PORT = 5432
_FULL = ("disk is full", "no space left", "diskfull", "out of memory")
_READ_ONLY = ("readonly database", "read-only")
_NO_TABLES = ("no such table", "no such column", "undefinedtable", "undefinedcolumn")
_DRIVER_ERRORS = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.TimeoutError,
    exc.ProgrammingError,
    dbapi2.OperationalError,
)


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Raise the errors of an engine's driver as StoreError; a mistake in a statement of ours stays what it is."""
    try:
        yield
    except _DRIVER_ERRORS as error:
        translation = _translation(error, engine)
        if translation is None:
            raise
        raise translation from error


def _translation(error: Exception, engine: Engine) -> StoreError | None:
    cause = getattr(error, "orig", error)
    message = " ".join(str(cause).split())  # one line of a log
    signs = f"{type(cause).__name__} {message}".lower()
    if any(sign in signs for sign in _FULL):
        return StoreFull(f"the database has no room left: {message}")
    if any(sign in signs for sign in _READ_ONLY):
        return StoreReadOnly(f"the database cannot be written: {message}")
    if any(sign in signs for sign in _NO_TABLES):
        return NotMigrated(f"the database is not migrated (python -m services.migrate): {message}")
    if isinstance(error, exc.ProgrammingError):
        return None
    if isinstance(cause, psycopg.Error) and cause.sqlstate is None:  # no server that let us in has sent this
        message += "; is it running, reachable from here, and LTD_DATABASE_URL right?"
    return StoreUnavailable(f"the database{_address(engine)} is unavailable: {message}")


def _address(engine: Engine) -> str:
    """Return where a server is, without its password; nothing for a file."""
    url = engine.url
    host = url.host or url.query.get("host", "localhost")
    return f" at {host}:{url.port or _PORT}/{url.database}" if engine.dialect.name == "postgresql" else ""
