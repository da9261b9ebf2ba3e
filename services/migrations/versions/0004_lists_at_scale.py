"""Lists at scale: the mechanisms of a run as one key, and the numbers of ended runs as rows."""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from alembic import op

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services import run_kinds, run_metrics

revision = "0004"
down_revision = "0003"

RUNS = sa.table("runs", *(sa.column(name) for name in ("id", "spec", "outcome_kind", "summary", "kinds")))
CHUNK = 1000


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "run_kinds",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("experiment", sa.String(length=64), nullable=False),
        *(sa.Column(family, sa.String(length=64)) for family in run_kinds.FAMILIES),
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
    _fill(op.get_bind())
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


def _fill(conn: sa.Connection) -> None:
    """Fill both from what is stored of every run, some at a time."""
    last = ""
    while True:
        columns = (RUNS.c.id, RUNS.c.spec, RUNS.c.outcome_kind, RUNS.c.summary)
        found = conn.execute(sa.select(*columns).where(RUNS.c.id > last).order_by(RUNS.c.id).limit(CHUNK)).all()
        if not found:
            return
        last = found[-1].id
        kinds = {row.id: _kinds(row.spec) for row in found}
        run_kinds.store(conn, set(kinds.values()))
        change = sa.update(RUNS).where(RUNS.c.id == sa.bindparam("run")).values(kinds=sa.bindparam("key"))
        conn.execute(change, [{"run": run_id, "key": run_kinds.key_of(made)} for run_id, made in kinds.items()])
        for row in found:
            if row.outcome_kind:
                key = run_kinds.key_of(kinds[row.id])
                run_metrics.store(conn, run_metrics.rows(row.id, key, row.outcome_kind, orjson.loads(row.summary)))


def _kinds(stored: str) -> run_kinds.Kinds:
    """Return a run's kinds; where a mechanism is of another package that is gone, its experiment alone."""
    spec = orjson.loads(stored)
    try:
        return run_kinds.kinds_of(parse_spec(spec, stored=True))
    except InvalidSpec:
        return str(spec.get("experiment", "training")), *(None for _ in run_kinds.FAMILIES)
