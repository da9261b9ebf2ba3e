"""Queueing runs: what is not there yet, and once more what ended badly; each specification is one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select, text, update

from ltd_core.spec import RunSpec
from services.database.engine import Database, now
from services.database.rows import insert_rows, json_list, strings_of
from services.runs import lifecycle
from services.runs.lifecycle import RUNS
from services.runs.row import insert, queued
from services.words import RESTARTABLE

_CHUNK = 500
_STATES = select(RUNS.c.id, RUNS.c.state).where(RUNS.c.id.in_(bindparam("ids", expanding=True)))
_FIRST = {"seq": 1, "kind": "queued", "data": "{}"}
_ORDER = 1e-6
"""Seconds between the runs of one submission, so that they are taken in their order."""


@dataclass(slots=True)
class Submitted:
    """Ids by what became of them: new, queued again after a failure or cancellation, or there already."""

    new: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    stood: list[str] = field(default_factory=list)


def submit(db: Database, specs: Sequence[RunSpec]) -> Submitted:
    """Queue what is not there yet, and what failed or was cancelled once more; commits before it returns."""
    with db.write() as conn:
        return submit_in(conn, specs)


def submit_in(conn: Connection, specs: Iterable[RunSpec]) -> Submitted:
    """Do the same inside a transaction."""
    wanted = {spec.digest: spec for spec in specs}
    done, at = Submitted(), now(conn)
    made = insert(conn, [(spec, queued(spec, at + i * _ORDER)) for i, spec in enumerate(wanted.values())])
    done.new = [run_id for run_id in wanted if run_id in made]
    states = _states(conn, [run_id for run_id in wanted if run_id not in made])
    done.restarted = [run_id for run_id, state in states.items() if state in RESTARTABLE]
    done.stood = [run_id for run_id, state in states.items() if state not in RESTARTABLE]
    if done.restarted:
        again = {"state": "queued", "attempts": 0, "cancel_requested": False, "error": None, "finished_at": None}
        for ids in _chunks(done.restarted):
            ended = RUNS.c.id.in_(ids) & RUNS.c.state.in_(RESTARTABLE)
            conn.execute(update(RUNS).where(ended).values(**again, not_before=None, updated_at=at))
    if done.new:
        # a new run has no events before its first
        insert_rows(conn, lifecycle.EVENTS, [{"run_id": run_id, "at": at} | _FIRST for run_id in done.new])
    lifecycle.log(conn, [(run_id, "queued_again", {}) for run_id in done.restarted], at)
    return done


def created_between(conn: Connection, ids: list[str]) -> tuple[float, float]:
    """Return when the first and the last of some runs were created."""
    statement = f"SELECT min(created_at), max(created_at) FROM runs WHERE id IN ({strings_of(conn, 'ids')})"  # noqa: S608
    first, last = conn.execute(text(statement), {"ids": json_list(ids)}).one()
    return first, last


def _states(conn: Connection, ids: list[str]) -> dict[str, str]:
    """Return the states of those that are there."""
    return {row.id: row.state for chunk in _chunks(ids) for row in conn.execute(_STATES, {"ids": chunk})}


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    return (ids[first : first + _CHUNK] for first in range(0, len(ids), _CHUNK))
