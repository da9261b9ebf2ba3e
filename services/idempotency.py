"""Idempotency keys: a repeated key must come with the same body. Digests already make a repeated body harmless."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, select

from services.database.engine import Database, clock
from services.database.models import IdempotencyKey, table
from services.database.rows import upsert
from services.errors import IdempotencyConflict

KEYS = table(IdempotencyKey)
KEEP_SECONDS = 86_400.0


def check(db: Database, key: str, body: bytes) -> None:
    """Store a key with the digest of its body; raises IdempotencyConflict when it came with another one."""
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    with db.write() as conn:
        upsert(conn, KEYS, [{"key": key, "body_digest": digest, "created_at": clock(conn)}], replace=())
        first = conn.execute(select(KEYS.c.body_digest).where(KEYS.c.key == key)).scalar_one()
    if first != digest:
        raise IdempotencyConflict(
            f"Idempotency-Key {key!r} came with another body before: send a new key with a new request"
        )


def expire(db: Database) -> None:
    """Delete the keys that are older than a day."""
    with db.write() as conn:
        conn.execute(delete(KEYS).where(KEYS.c.created_at < clock(conn) - KEEP_SECONDS))
