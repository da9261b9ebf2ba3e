"""Where the results of a run come from, and what training it again beside them showed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_WAITING = sa.text("replay = 'waiting'")
_IMPORTED = "UPDATE runs SET origin = 'imported' WHERE id IN (SELECT run_id FROM run_events WHERE kind = 'imported')"


def upgrade() -> None:
    """Apply; every import has left an event since there are imports."""
    op.add_column("runs", sa.Column("origin", sa.String(length=16), server_default="trained", nullable=False))
    op.add_column("runs", sa.Column("replay", sa.String(length=16)))
    op.add_column("runs", sa.Column("replay_difference", sa.Text()))
    op.execute(_IMPORTED)
    op.create_index("runs_replays", "runs", ["id"], sqlite_where=_WAITING, postgresql_where=_WAITING)


def downgrade() -> None:
    """Take back. Runs that were trained again stay, and look like any other."""
    op.drop_index("runs_replays", "runs")
    for name in ("replay_difference", "replay", "origin"):
        op.drop_column("runs", name)
