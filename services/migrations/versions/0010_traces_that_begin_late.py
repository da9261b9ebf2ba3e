"""Where a trace begins later than its run: its probe came with an upgrade, when the run was on its way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply. Of traces that began late before, none is told from one whose first block was lost: they stay gaps."""
    op.create_table(
        "trace_starts",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=False),
        sa.Column("first_step", sa.Integer(), nullable=False),
        sa.Column("dtype", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "trace"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("trace_starts")
