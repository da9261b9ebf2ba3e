"""How long finest points are kept, and which runs have let go of theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "retention",
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("scope"),
    )
    op.create_table(
        "thinned_runs",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("thinned_runs")
    op.drop_table("retention")
