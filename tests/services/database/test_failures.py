"""Errors of the drivers, in the words of the service."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import exc, text

from services.database.engine import Database
from services.errors import NotMigrated, StoreFull, StoreReadOnly, StoreUnavailable


def test_a_store_that_cannot_be_reached(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/nowhere/ltd.db", "postgresql://ltd@127.0.0.1:1/ltd"):
        made = Database(url)

        def ask(made: Database = made) -> None:
            with made.read() as conn:
                conn.execute(text("SELECT 1"))

        with pytest.raises(StoreUnavailable):
            ask()


def test_an_unreachable_database_is_named_without_its_password() -> None:
    made = Database("postgresql://ltd:the-password@127.0.0.1:1/runs")
    with pytest.raises(StoreUnavailable, match=r"at 127\.0\.0\.1:1/runs .*LTD_DATABASE_URL") as told, made.read():
        pass
    assert "the-password" not in str(told.value)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a PostgreSQL of the tests is never full
def test_a_full_and_a_read_only_sqlite_are_named(db: Database) -> None:
    def fill() -> None:
        with db.write() as conn:
            pages = conn.execute(text("PRAGMA page_count")).scalar_one()
            conn.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
            rows = [{"k": str(i), "d": "x" * 500} for i in range(500)]
            query = "INSERT INTO idempotency_keys (key, body_digest, created_at) VALUES (:k, :d, 0)"
            conn.execute(text(query), rows)

    with pytest.raises(StoreFull):
        fill()

    def write() -> None:
        with db.write() as conn:
            conn.execute(text("PRAGMA query_only = ON"))
            conn.execute(text("DELETE FROM runs"))

    with pytest.raises(StoreReadOnly):
        write()


def test_missing_tables_and_a_mistake_of_ours_are_told_apart(database_url: str, db: Database) -> None:
    empty = Database(database_url.rpartition("/")[0] + "/other.db") if db.dialect == "sqlite" else db
    with pytest.raises(NotMigrated, match=r"services\.migrate"), empty.read() as conn:
        conn.execute(text("SELECT * FROM no_such_table"))
    empty.dispose()
    if db.dialect == "postgresql":
        with pytest.raises(exc.ProgrammingError), db.read() as conn:
            conn.execute(text("SELECT length(1)"))
