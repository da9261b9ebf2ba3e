"""Transactions and connections on both databases."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import text

from services.database import engine as module
from services.database.engine import Database
from services.errors import StoreUnavailable
from tests.services.lab import submit


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
