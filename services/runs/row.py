"""The rows of a run: in `runs`, in `run_kinds` and, once it has ended, in `run_metrics`.

They are made here alone, for submissions, imports and benchmarks. Lists read `run_kinds` and `run_metrics` in place of
specifications and summaries, so a run without these rows would be missing from filtered and sorted lists.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from ltd_core.spec import RunSpec
from services.database.models import Run, RunMetric, table
from services.database.rows import insert_missing, upsert
from services.runs import kinds, summaries

RUNS, METRICS = table(Run), table(RunMetric)
Row = dict[str, Any]


def queued(spec: RunSpec, queued_at: float) -> Row:
    """Return the row of a queued run; a caller whose run is further overrides what differs."""
    return {
        "id": spec.digest,
        "spec": spec.canonical_json(),
        "experiment": spec.experiment,
        "kinds": kinds.key_of(kinds.kinds_of(spec)),
        "shape_key": spec.shape_key,
        "seed": spec.seed,
        "updates": spec.steps,
        "state": "queued",
        "step": 0,
        "epoch": 0,
        "attempts": 0,
        "cancel_requested": False,
        "posted_alone": False,
        "post": "",
        "turn": 0,
        "outcome_kind": None,
        "summary": "{}",
        "origin": "trained",
        "created_at": queued_at,
        "updated_at": queued_at,
    }


def replay_id(run_id: str) -> str:
    """Return the id under which a run is trained again."""
    return hashlib.blake2b(f"replay of {run_id}".encode(), digest_size=16).hexdigest()


def metric_rows(row: Row) -> list[Row]:
    """Return the rows of `run_metrics` for a row of `runs`: none before its end."""
    if not row["outcome_kind"]:
        return []
    return metrics_of(row["id"], row["kinds"], row["outcome_kind"], summaries.decode(row["summary"]))


def metrics_of(run_id: str, kinds_key: str, outcome: str, summary: Mapping[str, Any]) -> list[Row]:
    """Return a row for each finite number of an ended run's summary, and each -inf: lists sort and filter by these."""
    shared = {"run_id": run_id, "kinds": kinds_key, "outcome_kind": outcome}
    return [
        shared | {"metric": metric, "value": float(value)}
        for metric, value in summary.items()
        if value is not None and value < math.inf
    ]


def insert_metrics(conn: Connection, rows: Iterable[Row]) -> None:
    """Insert rows of `run_metrics` that are missing."""
    if missing := list(rows):
        upsert(conn, METRICS, missing, replace=())


def insert(conn: Connection, runs: Sequence[tuple[RunSpec, Row]]) -> set[str]:
    """Insert the runs that are missing, with kinds and metrics, and return their ids; all rows have equal columns."""
    kinds.store(conn, {kinds.kinds_of(spec) for spec, _ in runs})
    rows = sorted((row for _, row in runs), key=itemgetter("id"))  # in one order: two cannot block each other
    inserted = insert_missing(conn, RUNS, rows)
    insert_metrics(conn, (metric for row in rows if row["id"] in inserted for metric in metric_rows(row)))
    return inserted
