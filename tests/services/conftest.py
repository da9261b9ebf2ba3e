"""A migrated database, on SQLite and on PostgreSQL, and a broker where a test asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.database.engine import Database
from services.settings import Settings
from tests.support.fixtures import broker, database_url, empty_url, postgres

__all__ = ["broker", "database_url", "empty_url", "postgres"]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    made = Database(settings.database_url)
    yield made
    made.dispose()
