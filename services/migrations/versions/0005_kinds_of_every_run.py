"""Kinds and metrics of the runs that have none: all runs of before 0004, and those imported since."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

FAMILIES = ("problem", "cell", "initialization", "regularizer", "clipping", "optimizer")
_ONLY_INITIALIZATION: dict[str, str | None] = {"initialization": "spectral"}
_NETWORK = {"problem": None, "cell": "rnn", "initialization": "spectral", "clipping": "none", "optimizer": "sgd"}
DEFAULTS: dict[str, dict[str, str | None]] = {
    "training": _NETWORK | {"regularizer": "none"},
    "clipping_bias": _NETWORK,
    "linear_recurrence": _ONLY_INITIALIZATION,
    "nonlinear_recurrence": _ONLY_INITIALIZATION,
}
"""The families that an experiment has, each with its default kind, which a stored specification leaves out."""

Kinds = tuple[str | None, ...]
RUNS = sa.table("runs", *(sa.column(name) for name in ("id", "spec", "outcome_kind", "summary", "kinds")))
KINDS = sa.table("run_kinds", *(sa.column(name) for name in ("key", "experiment", *FAMILIES)))
METRICS = sa.table("run_metrics", *(sa.column(name) for name in ("run_id", "metric", "kinds", "outcome_kind", "value")))
CHUNK = 1000


def upgrade() -> None:
    """Apply: walk all runs by their id, some at a time."""
    conn = op.get_bind()
    stored = set(conn.execute(sa.select(KINDS.c.key)).scalars())
    columns = (RUNS.c.id, RUNS.c.spec, RUNS.c.outcome_kind, RUNS.c.summary)
    # an expression, so that the index of kinds is not used: rows would leave it while it is walked
    without = sa.func.length(RUNS.c.kinds) == 0
    last = ""
    while True:
        page = sa.select(*columns).where(RUNS.c.id > last, without).order_by(RUNS.c.id).limit(CHUNK)
        rows = conn.execute(page).all()
        if not rows:
            return
        last = rows[-1].id
        kinds = {row.id: kinds_of(orjson.loads(row.spec)) for row in rows}
        _store_kinds(conn, set(kinds.values()), stored)
        change = sa.update(RUNS).where(RUNS.c.id == sa.bindparam("run")).values(kinds=sa.bindparam("key"))
        conn.execute(change, [{"run": run_id, "key": key_of(found)} for run_id, found in kinds.items()])
        if metrics := [metric for row in rows for metric in _metrics(row, key_of(kinds[row.id]))]:
            conn.execute(METRICS.insert(), metrics)


def downgrade() -> None:
    """Leave everything: the rows are right in 0004 too, and which of them were missing is not known any more."""


def kinds_of(spec: dict[str, Any]) -> Kinds:
    """Return the experiment of a stored specification, then its kind in each family; None where it has none."""
    experiment = str(spec.get("experiment", "training"))
    families = DEFAULTS.get(experiment, {})
    named = {family: spec.get(family, {}).get("kind", default) for family, default in families.items()}
    return experiment, *(named.get(family) for family in FAMILIES)


def key_of(kinds: Kinds) -> str:
    return hashlib.blake2b(repr(kinds).encode(), digest_size=8).hexdigest()


def _store_kinds(conn: sa.Connection, found: set[Kinds], stored: set[str]) -> None:
    names = ("key", "experiment", *FAMILIES)
    rows = [dict(zip(names, (key, *kinds), strict=True)) for kinds in found if (key := key_of(kinds)) not in stored]
    if rows:
        conn.execute(KINDS.insert(), rows)
        stored.update(row["key"] or "" for row in rows)


def _metrics(row: Any, key: str) -> list[dict[str, Any]]:
    """Return a row for each finite number in the summary of a run that has ended."""
    if not row.outcome_kind:
        return []
    shared = {"run_id": row.id, "kinds": key, "outcome_kind": row.outcome_kind}
    numbers = orjson.loads(row.summary).items()
    return [
        shared | {"metric": name, "value": float(value)}
        for name, value in numbers
        if value is not None and math.isfinite(value)
    ]
