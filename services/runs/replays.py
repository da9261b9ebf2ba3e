"""Trains a run again beside its results, above all beside imported ones, and compares the two.

A replay is a run of its own, with an id of its own, in no sweep. When it has succeeded, the reconciler compares what
both left, bit for bit, and marks the run that was replayed.
"""

from __future__ import annotations

import logging
from math import prod

import numpy as np
from sqlalchemy import select, text, update

from services.database.engine import Database, clock
from services.database.models import Run, table
from services.errors import BadQuestion, NotFound
from services.runs import queries, submission, turns
from services.runs.events import log
from services.runs.queries import RunView
from services.runs.row import replay_id
from services.traces import reading
from services.traces.codec import Array
from services.words import Replay

logger = logging.getLogger(__name__)

RUNS = table(Run)
_AT_ONCE = 200_000
"""Numbers of a trace that are compared at once."""
_WAITING = select(RUNS.c.id).where(text("replay = 'waiting'"))  # a literal: SQLite finds the index by it


def request(db: Database, run_id: str) -> bool:
    """Queue the replay of a run, unless it goes on or was compared already; returns whether it was queued.

    Raises NotFound, and BadQuestion for a run that has no results to compare.
    """
    run, (traced,) = queries.get(db, run_id), queries.traced(db, [run_id])
    if run.state != "succeeded" or run.origin == "replay":
        raise BadQuestion("run", "must have succeeded, and be no replay itself", run.state)
    if traced.thinned:
        raise BadQuestion("run", "must have all its points: those of this run were thinned", run_id)
    if run.replay in ("equal", "different"):
        return False
    ((spec, row),) = submission.prepared([run.spec]).values()
    row |= {"id": replay_id(run_id), "origin": "replay", "posted_alone": True}
    with db.write() as conn:
        turn = turns.first(conn, turns.ALONE)
        done = submission.submit_in(conn, {row["id"]: (spec, row)}, turns.ALONE, turn)
        if not conn.execute(update(RUNS).where(RUNS.c.id == run_id).values(replay="waiting")).rowcount:
            raise NotFound("run", run_id)  # it was deleted meanwhile
    return not done.stood


def settle(db: Database) -> int:
    """Compare the replays that have succeeded; returns how many."""
    with db.read() as conn:
        waiting = conn.execute(_WAITING).scalars().all()
        ended = RUNS.c.id.in_([replay_id(run_id) for run_id in waiting]) & (RUNS.c.state == "succeeded")
        done = set(conn.execute(select(RUNS.c.id).where(ended)).scalars())
    compared = [run_id for run_id in waiting if replay_id(run_id) in done]
    for run_id in compared:
        try:
            found = difference(db, queries.get(db, run_id), queries.get(db, replay_id(run_id)))
        except NotFound:  # one of them was deleted meanwhile
            continue
        verdict: Replay = "different" if found else "equal"
        if found:
            logger.error("run %s, trained again, differs: %s", run_id, found)
        with db.write() as conn:
            values = {"replay": verdict, "replay_difference": found}
            conn.execute(update(RUNS).where(RUNS.c.id == run_id).values(**values))
            log(conn, [(run_id, "replayed", {"verdict": verdict, "difference": found})], clock(conn))
    return len(compared)


def difference(db: Database, run: RunView, replay: RunView) -> str | None:
    """Return the first difference between what two runs of a specification left, None where there is none."""
    ends = [(one.step, one.outcome_kind, one.outcome_step) for one in (run, replay)]
    if ends[0] != ends[1]:
        return "ended {1} at update {2}, trained again {4} at update {5}".format(*ends[0], *ends[1])
    catalogs = [reading.catalog(db, one.id) for one in (run, replay)]
    counts = [{entry["name"]: entry["points"] for entry in catalog} for catalog in catalogs]
    begins = {entry["name"]: entry["first_step"] // entry["every"] - 1 for entry in catalogs[0]}
    former = {now: info.name for now, info in run.spec.former_traces().items()}
    for name, points in counts[1].items():
        if name not in counts[0] and former.get(name) in counts[0]:
            continue  # a former release left another trace in its place
        if counts[0].get(name, 0) != points:
            return f"trace {name} has {counts[0].get(name, 0)} points, trained again {points}"
        if found := _in_trace(db, run.id, replay.id, name, range(begins[name], points)):
            return found
    common = run.summary.keys() & replay.summary.keys()
    unlike = sorted(name for name in common if run.summary[name] != replay.summary[name])
    return (
        f"metric {unlike[0]} is {run.summary[unlike[0]]}, trained again {replay.summary[unlike[0]]}" if unlike else None
    )


def _in_trace(db: Database, run_id: str, other: str, name: str, points: range) -> str | None:
    with db.read() as conn:
        info = reading.named(reading.declared_traces(conn, run_id), name)
    length = max(1, _AT_ONCE // max(1, prod(info.size)))
    for first in points[::length]:
        start, end = (first + 1) * info.every, min(first + length, points.stop) * info.every
        mine, again = (
            reading.read(db, one, info, start=start, end=end, max_points=length, figures=()).values
            for one in (run_id, other)
        )
        if mine is not None and again is not None and (found := _first(mine, again)) is not None:
            step = start + found[0] * info.every
            return f"trace {name} is {mine[found]:.9g} at update {step}, trained again {again[found]:.9g}"
    return None


def _first(mine: Array, again: Array) -> tuple[int, ...] | None:
    """Return the index of the first number that differs."""
    unlike = np.argwhere((mine != again) & ~(np.isnan(mine) & np.isnan(again)))
    return tuple(int(i) for i in unlike[0]) if len(unlike) else None
