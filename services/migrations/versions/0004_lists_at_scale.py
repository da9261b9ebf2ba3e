"""Lists at scale: the mechanisms of a run as one key, and the numbers of ended runs as rows; 0005 fills them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FAMILIES = ("problem", "cell", "initialization", "regularizer", "clipping", "optimizer")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "run_kinds",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("experiment", sa.String(length=64), nullable=False),
        *(sa.Column(family, sa.String(length=64)) for family in FAMILIES),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "run_metrics",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("kinds", sa.String(length=16), nullable=False),
        sa.Column("outcome_kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "metric"),
        sqlite_with_rowid=False,
    )
    op.add_column("runs", sa.Column("kinds", sa.String(length=16), server_default="", nullable=False))
    op.drop_index("sweep_runs_run", "sweep_runs")
    op.create_index("sweep_runs_run", "sweep_runs", ["run_id", "sweep_id"])
    op.create_index("runs_status", "runs", ["state", "outcome_kind", "created_at", "id"])
    op.create_index("runs_kinds", "runs", ["kinds", "created_at", "id"])
    op.create_index("runs_kinds_status", "runs", ["kinds", "state", "outcome_kind", "created_at", "id"])
    op.create_index("run_metrics_value", "run_metrics", ["metric", "value", "run_id", "kinds", "outcome_kind"])
    op.create_index("run_metrics_kinds", "run_metrics", ["metric", "kinds", "outcome_kind", "value", "run_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("run_metrics")
    op.drop_index("sweep_runs_run", "sweep_runs")
    op.create_index("sweep_runs_run", "sweep_runs", ["run_id"])
    for name in ("runs_kinds_status", "runs_kinds", "runs_status"):
        op.drop_index(name, "runs")
    op.drop_column("runs", "kinds")
    op.drop_table("run_kinds")
