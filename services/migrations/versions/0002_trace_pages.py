"""Points and pyramid in tables of their own; the pyramid is made anew by `ltd store repair`, reads do without it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEPT = ("run_id", "trace", "first_step", "last_step", "every", "dtype", "shape", "checksum", "payload")


def _array() -> list[sa.Column[Any]]:
    return [
        sa.Column("dtype", sa.String(length=8), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("checksum", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    ]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "trace_pages",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(length=16), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        *_array(),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "trace", "level", "figure", "page"),
    )
    op.create_table(
        "trace_points",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=False),
        sa.Column("first_step", sa.Integer(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        *_array(),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "trace", "first_step", name="trace_points_key"),
    )
    columns = ", ".join(_KEPT)
    op.execute(f"INSERT INTO trace_points ({columns}) SELECT {columns} FROM trace_blocks WHERE level = 0")  # noqa: S608 - our own names
    op.drop_table("trace_blocks")
    op.rename_table("trace_points", "trace_blocks")


def downgrade() -> None:
    """Take back: points stay, in the first shape of their table."""
    op.rename_table("trace_blocks", "trace_points")
    op.create_table(
        "trace_blocks",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("first_step", sa.Integer(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        *_array(),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("run_id", "trace", "level", "first_step"),
    )
    columns = ", ".join(_KEPT)
    count = "(last_step - first_step) / every + 1"
    op.execute(f"INSERT INTO trace_blocks ({columns}, level, count) SELECT {columns}, 0, {count} FROM trace_points")  # noqa: S608
    op.drop_table("trace_points")
    op.drop_table("trace_pages")
