"""How a specification becomes rows: of `runs`, of `run_kinds` and, once the run has ended, of `run_metrics`."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from services.database.models import Run, table
from services.database.rows import insert_missing
from services.runs import kinds, metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from ltd_core.spec import RunSpec

RUNS = table(Run)
Row = dict[str, Any]


def queued(spec: RunSpec, at: float) -> Row:
    """Return the row of a run that waits since `at`; one that is further overrides what differs."""
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
        "outcome_kind": None,
        "summary": "{}",
        "created_at": at,
        "updated_at": at,
    }


def metric_rows(row: Row) -> Iterator[Row]:
    """Return the rows of `run_metrics` that belong to a run's row: none before its end."""
    if row["outcome_kind"]:
        summary = orjson.loads(row["summary"])
        yield from metrics.rows(row["id"], row["kinds"], row["outcome_kind"], summary)


def insert(conn: Connection, runs: Sequence[tuple[RunSpec, Row]]) -> set[str]:
    """Insert the runs that are not there yet, with kinds and metrics, and return their ids; rows of equal columns."""
    kinds.store(conn, {kinds.kinds_of(spec) for spec, _ in runs})
    rows = sorted((row for _, row in runs), key=itemgetter("id"))  # in one order: two cannot block each other
    made = insert_missing(conn, RUNS, rows)
    metrics.store(conn, (metric for row in rows if row["id"] in made for metric in metric_rows(row)))
    return made
