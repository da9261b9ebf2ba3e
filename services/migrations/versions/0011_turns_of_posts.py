"""The order in which queued runs are claimed: by turn, which each sweep numbers its runs with, not by age."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_QUEUED = sa.text("state = 'queued'")
_SWEEPS = """
UPDATE runs SET post = coalesce((SELECT min(sweep_id) FROM sweep_runs WHERE sweep_runs.run_id = runs.id), '')
WHERE state IN ('queued', 'running') AND NOT posted_alone
"""


def upgrade() -> None:
    """Apply. Runs that are queued have one turn, and go in the order of their age as before."""
    op.add_column("runs", sa.Column("post", sa.String(length=32), server_default="", nullable=False))
    op.add_column("runs", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    op.execute(_SWEEPS)
    op.drop_index("runs_queue", "runs")
    _index("runs_queue", "shape_key", "turn", "created_at")
    _index("runs_posts", "post", "turn")


def _index(name: str, *columns: str) -> None:
    """Make an index of queued runs alone."""
    op.create_index(name, "runs", list(columns), sqlite_where=_QUEUED, postgresql_where=_QUEUED)


def downgrade() -> None:
    """Take back."""
    op.drop_index("runs_posts", "runs")
    op.drop_index("runs_queue", "runs")
    op.drop_column("runs", "turn")
    op.drop_column("runs", "post")
    op.create_index("runs_queue", "runs", ["state", "shape_key", "created_at"])
