from __future__ import annotations

import pytest
from sqlalchemy import text

from services import idempotency
from services.database.engine import Database
from services.errors import IdempotencyConflict


def test_a_key_is_held_to_its_first_body_for_a_day(db: Database) -> None:
    idempotency.check(db, "k", b"one")
    idempotency.check(db, "k", b"one")
    idempotency.check(db, "other", b"two")
    with pytest.raises(IdempotencyConflict, match="'k'"):
        idempotency.check(db, "k", b"two")
    with db.write() as conn:
        conn.execute(text("UPDATE idempotency_keys SET created_at = created_at - 90000 WHERE key = 'k'"))
    idempotency.expire(db)
    idempotency.check(db, "k", b"two")
    with pytest.raises(IdempotencyConflict, match="'other'"):
        idempotency.check(db, "other", b"three")
