"""SQLite: what a connection is set to, and whom it waits for."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pysqlite3 import dbapi2
from sqlalchemy import text

from services.database import engine as module
from services.database.engine import Database
from services.errors import StoreUnavailable
from services.migrate import migrate
from services.settings import Settings


def test_sqlite_survives_a_power_loss_and_readers_do_not_wait(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    migrate(settings)
    sqlite = Database(settings.database_url)
    with sqlite.read() as conn:
        found = [conn.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
        assert conn.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    with sqlite.write() as writing, sqlite.read() as reading:
        writing.execute(text("DELETE FROM runs"))
        assert reading.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
    sqlite.dispose()


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
