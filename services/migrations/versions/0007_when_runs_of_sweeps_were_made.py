"""When the first and the last run of a sweep were made: a list of a large sweep is a walk between the two."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FILL = """
UPDATE sweeps SET {0}_run_at = COALESCE(
    (SELECT {1}(runs.created_at) FROM sweep_runs JOIN runs ON runs.id = run_id WHERE sweep_id = sweeps.id), created_at)
"""


def upgrade() -> None:
    """Apply."""
    for name, extreme in (("first", "min"), ("last", "max")):
        op.add_column("sweeps", sa.Column(f"{name}_run_at", sa.Float(precision=53), server_default="0", nullable=False))
        op.execute(_FILL.format(name, extreme))


def downgrade() -> None:
    """Take back."""
    for name in ("last", "first"):
        op.drop_column("sweeps", f"{name}_run_at")
