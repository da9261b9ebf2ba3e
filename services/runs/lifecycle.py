"""The life of a run: queued, running, then succeeded, failed or cancelled.

Every change is a compare-and-set and leaves an event. What a worker writes is fenced by the epoch of its lease. Two
changes are made elsewhere: `services.runs.submission` queues failed and cancelled runs again, and
`services.runs.imports` inserts runs that have succeeded in another laboratory.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, case, func, insert, or_, select, tuple_, update

from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec, parse_spec
from services.database.engine import Database, now
from services.database.models import Run, RunEvent, RunState, table
from services.database.rows import upsert
from services.errors import NotFound
from services.runs.row import insert_metrics, metrics_of
from services.traces import writing

RUNS, EVENTS, STATES = table(Run), table(RunEvent), table(RunState)
_LAST = select(func.coalesce(func.max(EVENTS.c.seq), 0)).where(EVENTS.c.run_id == bindparam("r")).scalar_subquery()
_NEXT_EVENT = insert(EVENTS).values(
    run_id=bindparam("r"), seq=_LAST + 1, at=bindparam("t"), kind=bindparam("k"), data=bindparam("d")
)
_BACKOFF_SECONDS = 30.0
_KEPT = ("step", "payload", "checksum")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a run until it is lost; `epoch` tells it from every earlier one."""

    run_id: str
    epoch: int
    owner: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A run to train, from `state` at `step`, or from the start when state is None."""

    lease: Lease
    spec: RunSpec
    step: int
    state: bytes | None


class Recorded(Enum):
    """What became of a worker's write."""

    OK = "ok"
    CANCEL = "cancel"
    LOST = "lost"


def claim(db: Database, owner: str, limit: int, *, shape_key: str | None = None, lease_seconds: float) -> list[Claim]:
    """Lease up to `limit` queued runs of one shape, oldest first; of the oldest run's shape when none is given."""
    with db.write() as conn:
        at = now(conn)
        runnable = (RUNS.c.state == "queued") & or_(RUNS.c.not_before.is_(None), RUNS.c.not_before <= at)
        if shape_key is None:
            oldest = select(RUNS.c.shape_key).where(runnable).order_by(RUNS.c.created_at, RUNS.c.id).limit(1)
            shape_key = conn.execute(oldest).scalar_one_or_none()
        if shape_key is None or limit < 1:
            return []
        chosen = select(RUNS.c.id).where(runnable, RUNS.c.shape_key == shape_key).order_by(RUNS.c.created_at, RUNS.c.id)
        ids = conn.execute(chosen.limit(limit).with_for_update(skip_locked=True)).scalars().all()
        taken = _take(conn, ids, owner, at, lease_seconds)
        kept = conn.execute(select(STATES.c.run_id, STATES.c.payload).where(STATES.c.run_id.in_(list(taken))))
        states = {row.run_id: bytes(row.payload) for row in kept}
        log(conn, [(r, "claimed", {"owner": owner, "epoch": taken[r].epoch}) for r in ids if r in taken], at)
    return [
        Claim(
            Lease(row.id, row.epoch, owner),
            parse_spec(orjson.loads(row.spec), stored=True),
            row.step,
            states.get(row.id),
        )
        for row in (taken[run_id] for run_id in ids if run_id in taken)
    ]


def record(db: Database, items: Sequence[tuple[Lease, Progress]]) -> dict[str, Recorded]:
    """Store what runs did, all in one transaction: traces, state, summary, and the end of those that ended.

    Returns LOST for a run whose lease is another's by now, of which nothing is stored; CANCEL where its end is asked.
    """
    done: dict[str, Recorded] = {}
    with db.write() as conn:
        at = now(conn)
        for batch in _one_of_each(items):
            for run_id, answer in _record(conn, batch, at).items():
                if done.get(run_id) is not Recorded.LOST:
                    done[run_id] = answer
    return done


def _one_of_each(items: Sequence[tuple[Lease, Progress]]) -> list[list[tuple[Lease, Progress]]]:
    """Return the items in order of their steps, as lists in which no run is twice."""
    batches: list[list[tuple[Lease, Progress]]] = []
    seen: Counter[str] = Counter()
    for lease, progress in sorted(items, key=lambda item: (item[0].run_id, item[1].step)):
        place = seen[lease.run_id]
        seen[lease.run_id] += 1
        if place == len(batches):
            batches.append([])
        batches[place].append((lease, progress))
    return batches


def renew(db: Database, leases: Sequence[Lease], lease_seconds: float) -> dict[str, Recorded]:
    """Prolong leases; tells which are lost, and for which runs a cancellation waits."""
    with db.write() as conn:
        held = conn.execute(
            update(RUNS)
            .where(
                tuple_(RUNS.c.id, RUNS.c.epoch).in_([(lease.run_id, lease.epoch) for lease in leases]),
                RUNS.c.state == "running",
            )
            .values(lease_expires_at=now(conn) + lease_seconds)
            .returning(RUNS.c.id, RUNS.c.cancel_requested)
        )
        answers = {row.id: Recorded.CANCEL if row.cancel_requested else Recorded.OK for row in held}
    return {lease.run_id: answers.get(lease.run_id, Recorded.LOST) for lease in leases}


def release(db: Database, leases: Sequence[Lease]) -> None:
    """Give runs back to the queue, as if they had not been taken."""
    with db.write() as conn:
        for lease in leases:
            _leave(
                conn,
                lease,
                "released",
                {"state": "queued", "attempts": case((RUNS.c.attempts > 0, RUNS.c.attempts - 1), else_=0)},
            )


def finish_cancel(db: Database, lease: Lease) -> None:
    """End a run whose cancellation was asked for."""
    with db.write() as conn:
        _leave(conn, lease, "cancelled", {"state": "cancelled", "finished_at": now(conn)})


def fail(db: Database, lease: Lease, reason: str) -> None:
    """End a run that cannot be trained."""
    with db.write() as conn:
        _leave(
            conn, lease, "failed", {"state": "failed", "error": reason, "finished_at": now(conn)}, {"reason": reason}
        )


def request_cancel(db: Database, run_id: str) -> str:
    """Cancel a queued run at once, ask for the end of a running one; returns the state. Raises NotFound."""
    with db.write() as conn:
        at = now(conn)
        mine = RUNS.c.id == run_id
        gone = {"state": "cancelled", "finished_at": at, "updated_at": at, "cancel_requested": True}
        if conn.execute(update(RUNS).where(mine, RUNS.c.state == "queued").values(**gone)).rowcount:
            log(conn, [(run_id, "cancelled", {})], at)
        waiting = update(RUNS).where(mine, RUNS.c.state == "running", RUNS.c.cancel_requested.is_(False))
        if conn.execute(waiting.values(cancel_requested=True, updated_at=at)).rowcount:
            log(conn, [(run_id, "cancel_requested", {})], at)
        state = conn.execute(select(RUNS.c.state).where(mine)).scalar_one_or_none()
    if state is None:
        raise NotFound("run", run_id)
    return str(state)


def expire(db: Database, max_attempts: int) -> list[str]:
    """Queue again the runs whose lease lapsed; fail those taken `max_attempts` times without getting further."""
    with db.write() as conn:
        at = now(conn)
        lapsed = (RUNS.c.state == "running") & or_(RUNS.c.lease_expires_at.is_(None), RUNS.c.lease_expires_at < at)
        query = select(RUNS.c.id, RUNS.c.epoch, RUNS.c.attempts, RUNS.c.lease_owner, RUNS.c.cancel_requested).where(
            lapsed
        )
        rows = conn.execute(query.with_for_update(skip_locked=True)).all()
        for row in rows:
            lease, said = (
                Lease(row.id, row.epoch, row.lease_owner or ""),
                {"owner": row.lease_owner, "attempts": row.attempts},
            )
            if row.cancel_requested:
                _leave(conn, lease, "cancelled", {"state": "cancelled", "finished_at": at})
            elif row.attempts >= max_attempts:
                reason = f"lost by its worker {row.attempts} times in a row, the last time by {row.lease_owner}"
                _leave(conn, lease, "failed", {"state": "failed", "error": reason, "finished_at": at}, said)
            else:
                pause = min(2.0 ** (row.attempts - 1), _BACKOFF_SECONDS) if row.attempts > 1 else 0.0
                _leave(conn, lease, "lease_lost", {"state": "queued", "not_before": at + pause}, said)
    return [row.id for row in rows]


def _take(conn: Connection, ids: Sequence[str], owner: str, at: float, lease_seconds: float) -> dict[str, Any]:
    taken = conn.execute(
        update(RUNS)
        .where(RUNS.c.id.in_(ids), RUNS.c.state == "queued")
        .values(
            state="running",
            epoch=RUNS.c.epoch + 1,
            attempts=RUNS.c.attempts + 1,
            lease_owner=owner,
            lease_expires_at=at + lease_seconds,
            started_at=func.coalesce(RUNS.c.started_at, at),
            updated_at=at,
        )
        .returning(RUNS.c.id, RUNS.c.epoch, RUNS.c.spec, RUNS.c.step)
    )
    return {row.id: row for row in taken}


def _record(conn: Connection, items: list[tuple[Lease, Progress]], at: float) -> dict[str, Recorded]:
    """Fence first: the rows are locked, and a stale lease or a step that is there already is left alone."""
    columns = (RUNS.c.id, RUNS.c.epoch, RUNS.c.state, RUNS.c.step, RUNS.c.cancel_requested, RUNS.c.kinds)
    locked = select(*columns).where(RUNS.c.id.in_([lease.run_id for lease, _ in items])).order_by(RUNS.c.id)
    rows = {row.id: row for row in conn.execute(locked.with_for_update())}
    mine = [(lease, progress) for lease, progress in items if _holds(rows.get(lease.run_id), lease, progress)]
    going = [_gone_on(lease, progress, at) for lease, progress in mine if not progress.outcome]
    ended = [_gone_on(lease, progress, at) | _end(progress, at) for lease, progress in mine if progress.outcome]
    for values in (going, ended):
        if values:
            names = values[0].keys() - {"run"}
            change = update(RUNS).where(RUNS.c.id == bindparam("run"))
            conn.execute(change.values({name: bindparam(name) for name in names}), values)
    if mine:
        upsert(conn, STATES, [_kept(lease, progress) for lease, progress in mine], replace=_KEPT)
        writing.append(conn, {lease.run_id: progress.blocks for lease, progress in mine})
    _log_ends(conn, mine, {run_id: row.kinds for run_id, row in rows.items()}, at)
    answers = dict.fromkeys((lease.run_id for lease, _ in items), Recorded.LOST)
    for lease, progress in mine:
        stop = rows[lease.run_id].cancel_requested and not progress.outcome
        answers[lease.run_id] = Recorded.CANCEL if stop else Recorded.OK
    return answers


def _log_ends(conn: Connection, mine: list[tuple[Lease, Progress]], kinds: dict[str, str], at: float) -> None:
    """Keep the metrics of the runs that ended, in rows of their own, and say so in their events."""
    over = [(lease.run_id, progress, progress.outcome) for lease, progress in mine if progress.outcome]
    rows = (metrics_of(run_id, kinds[run_id], end.kind, progress.summary) for run_id, progress, end in over)
    insert_metrics(conn, chain.from_iterable(rows))
    log(conn, [(run_id, "succeeded", asdict(end)) for run_id, _, end in over], at)


def _holds(row: Any, lease: Lease, progress: Progress) -> bool:
    return row is not None and (row.epoch, row.state) == (lease.epoch, "running") and row.step < progress.step


def _gone_on(lease: Lease, progress: Progress, at: float) -> dict[str, Any]:
    summary = orjson.dumps(progress.summary).decode()
    return {"run": lease.run_id, "step": progress.step, "summary": summary, "attempts": 0, "updated_at": at}


def _end(progress: Progress, at: float) -> dict[str, Any]:
    outcome = asdict(progress.outcome) if progress.outcome else {}
    left = {"state": "succeeded", "finished_at": at, "lease_owner": None, "lease_expires_at": None}
    return left | {f"outcome_{name}": value for name, value in outcome.items()}


def _kept(lease: Lease, progress: Progress) -> dict[str, Any]:
    check = hashlib.blake2b(progress.state, digest_size=16).hexdigest()
    return {"run_id": lease.run_id, "step": progress.step, "payload": progress.state, "checksum": check}


def _held(lease: Lease) -> Any:
    return (RUNS.c.id == lease.run_id) & (RUNS.c.epoch == lease.epoch) & (RUNS.c.state == "running")


def _leave(
    conn: Connection, lease: Lease, kind: str, values: dict[str, Any], said: dict[str, Any] | None = None
) -> None:
    """End a lease, if it is still the newest."""
    at = now(conn)
    values = values | {"lease_owner": None, "lease_expires_at": None, "updated_at": at}
    if conn.execute(update(RUNS).where(_held(lease)).values(**values)).rowcount:
        log(conn, [(lease.run_id, kind, said or {})], at)


def log(conn: Connection, entries: Sequence[tuple[str, str, dict[str, Any]]], at: float) -> None:
    """Append events; the run's row is locked, so the next number is free."""
    if not entries:
        return
    rows = [{"r": run_id, "k": kind, "d": orjson.dumps(data).decode(), "t": at} for run_id, kind, data in entries]
    conn.execute(_NEXT_EVENT, rows)
