"""Idempotency keys by their age, so that the expired ones are found without reading the others."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_index("idempotency_keys_age", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("idempotency_keys_age", "idempotency_keys")
