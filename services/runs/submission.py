"""Queueing runs: new ones, and again those that failed or were cancelled. A specification is one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, or_, select, text, update

from ltd_core.spec import RunSpec
from services.database.engine import Database, clock
from services.database.rows import insert_rows, json_list, strings_of
from services.runs import turns
from services.runs.events import EVENTS, log
from services.runs.lifecycle import RUNS
from services.runs.row import Row, insert, queued
from services.words import RESTARTABLE

_CHUNK = 500
_STATES = (
    select(RUNS.c.id, RUNS.c.state)
    .where(RUNS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(RUNS.c.id)
    .with_for_update(read=True, key_share=True)  # until the sweep's rows are seen, nobody cancels it for another sweep
)
_FIRST = {"seq": 1, "kind": "queued", "data": "{}"}
Prepared = dict[str, tuple[RunSpec, Row]]
_APART = 1e-6
"""Seconds between the runs of one submission, so that they are claimed in its order."""


@dataclass(slots=True)
class Submitted:
    """Runs that were inserted, by id their rows; ids of those queued again after their end, or left as they stood."""

    new: dict[str, Row] = field(default_factory=dict)
    restarted: list[str] = field(default_factory=list)
    stood: list[str] = field(default_factory=list)


def submit(db: Database, specs: Sequence[RunSpec]) -> Submitted:
    """Queue the runs that are missing, failed or cancelled, posted alone; commits before it returns."""
    runs = prepared(specs)
    for _, row in runs.values():
        row["posted_alone"] = True
    with db.write() as conn:
        turn = turns.first(conn, turns.ALONE)
        done = submit_in(conn, runs, turns.ALONE, turn)
        for ids in _chunks(done.restarted + done.stood):
            conn.execute(update(RUNS).where(RUNS.c.id.in_(ids)).values(posted_alone=True))
        for ids in _chunks(done.stood):
            later = RUNS.c.id.in_(ids) & turns.QUEUED & (RUNS.c.turn > turn)
            conn.execute(update(RUNS).where(later).values(post=turns.ALONE, turn=turn))
    return done


def prepared(specs: Iterable[RunSpec]) -> Prepared:
    """Return what `submit_in` stores: half of the work, which needs no transaction."""
    return {spec.digest: (spec, queued(spec, 0.0)) for spec in specs}


def submit_in(conn: Connection, by_id: Prepared, post: str, turn: int) -> Submitted:
    """Do the same in the caller's transaction, for a post (`services.runs.turns`), from a turn on."""
    done, now = Submitted(), clock(conn)
    for i, (_, row) in enumerate(by_id.values()):
        row["created_at"] = row["updated_at"] = now + i * _APART
        row["post"], row["turn"] = post, turn + i
    inserted = insert(conn, list(by_id.values()))
    done.new = {run_id: row for run_id, (_, row) in by_id.items() if run_id in inserted}
    for ids in _chunks(sorted(by_id.keys() - inserted)):
        states = {row.id: row.state for row in conn.execute(_STATES, {"ids": ids})}
        if deleted := [by_id[run_id] for run_id in ids if run_id not in states]:  # since they were found there
            done.new |= {run_id: by_id[run_id][1] for run_id in insert(conn, deleted)}
        for run_id, state in states.items():
            (done.restarted if state in RESTARTABLE else done.stood).append(run_id)
    again = {"state": "queued", "attempts": 0, "cancel_requested": False, "error": None, "finished_at": None}
    if done.restarted:
        ended = (RUNS.c.id == bindparam("run")) & or_(*(RUNS.c.state == state for state in RESTARTABLE))
        queue = update(RUNS).where(ended).values(**again, not_before=None, updated_at=now, post=post)
        conn.execute(
            queue.values(turn=bindparam("place")), [{"run": i, "place": by_id[i][1]["turn"]} for i in done.restarted]
        )
    insert_rows(conn, EVENTS, [{"run_id": run_id, "at": now} | _FIRST for run_id in done.new])
    log(conn, [(run_id, "queued_again", {}) for run_id in done.restarted], now)
    return done


def created_between(conn: Connection, ids: list[str]) -> tuple[float, float]:
    """Return when the first and the last of some runs were created."""
    statement = f"SELECT min(created_at), max(created_at) FROM runs WHERE id IN ({strings_of(conn, 'ids')})"  # noqa: S608
    first, last = conn.execute(text(statement), {"ids": json_list(ids)}).one()
    return first, last


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    return (ids[first : first + _CHUNK] for first in range(0, len(ids), _CHUNK))
