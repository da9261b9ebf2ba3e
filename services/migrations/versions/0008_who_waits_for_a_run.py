"""Who waits for a run: whether it was posted alone, and which sweeps were cancelled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_FILL = """
UPDATE runs SET posted_alone = true WHERE state IN ('queued', 'running')
AND NOT EXISTS (SELECT 1 FROM sweep_runs WHERE sweep_runs.run_id = runs.id)
"""


def upgrade() -> None:
    """Apply. Of a run that sweeps have it is not known whether it was posted alone too: it counts as theirs."""
    op.add_column("sweeps", sa.Column("cancelled_at", sa.Float(precision=53)))
    op.add_column("runs", sa.Column("posted_alone", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_FILL)


def downgrade() -> None:
    """Take back."""
    op.drop_column("runs", "posted_alone")
    op.drop_column("sweeps", "cancelled_at")
