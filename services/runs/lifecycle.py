"""The life of a run: queued, running, then succeeded, failed or cancelled.

Each change is a compare-and-set on the row of the run, and leaves an event. Four are made elsewhere:
`services.runs.submission` queues failed and cancelled runs again, `services.runs.imports` inserts succeeded ones,
`services.sweeps.cancellation` cancels many, `services.runs.deletion` deletes those that have ended.

A worker may write a run while it holds its *lease*. `claim` raises the run's epoch by one; the epoch is the fencing
token that tells a lease from every earlier one. Whatever a worker writes (`record`, `renew`, `release`, `fail`,
`finish_cancel`) applies only to a row that is still running in that epoch. So a worker that was paused or cut off until
its lease expired, and whose run another has claimed since, changes nothing, however late its statement arrives. Leases
expire by the database's clock, never a worker's. `expire`, which the reconciler calls, then queues the run again, later
each time; a run that was claimed `max_attempts` times without a single `record` in between fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, tuple_, update

from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec, parse_spec
from services.database.engine import Database, clock
from services.database.models import Run, RunState, table
from services.database.rows import upsert
from services.errors import NotFound
from services.runs import summaries, turns
from services.runs.events import log
from services.runs.row import insert_metrics, metrics_of
from services.traces import starts, writing
from services.traces.codec import checksum

Values = dict[str, Any]
RUNS, STATES = table(Run), table(RunState)
_LONGEST_BACKOFF_SECONDS = 30.0
_NO_LEASE: Values = {"lease_owner": None, "lease_expires_at": None}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a run; see the module."""

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
    """A worker's write: stored, stored for a run that is to be cancelled, or refused."""

    OK = "ok"
    CANCEL = "cancel"
    LOST = "lost"


Item = tuple[Lease, Progress]


def claim(db: Database, owner: str, limit: int, *, lease_seconds: float, **only: str) -> list[Claim]:
    """Lease up to `limit` queued runs of one shape, in their turn; `only` those of a `shape_key` or a `post`."""
    with db.write() as conn:
        now = clock(conn)
        due = or_(RUNS.c.not_before.is_(None), RUNS.c.not_before <= now)
        runnable = and_(turns.QUEUED, due, *(RUNS.c[name] == value for name, value in only.items()))
        shape_key = only.get("shape_key") or turns.next_shape(conn, runnable)
        if shape_key is None or limit < 1:
            return []
        queue = select(RUNS.c.id).where(runnable, RUNS.c.shape_key == shape_key).order_by(*turns.ORDER)
        ids = conn.execute(queue.limit(limit).with_for_update(skip_locked=True)).scalars().all()
        by_id = {row.id: row for row in _lease(conn, ids, owner, now, lease_seconds)}
        rows = [by_id[run_id] for run_id in ids if run_id in by_id]
        stored = conn.execute(select(STATES.c.run_id, STATES.c.payload).where(STATES.c.run_id.in_(list(by_id))))
        states = {row.run_id: bytes(row.payload) for row in stored}
        log(conn, [(row.id, "claimed", {"owner": owner, "epoch": row.epoch}) for row in rows], now)
    return [
        Claim(
            Lease(row.id, row.epoch, owner),
            parse_spec(orjson.loads(row.spec), stored=True),
            row.step,
            states.get(row.id),
        )
        for row in rows
    ]


def record(db: Database, items: Sequence[Item]) -> dict[str, Recorded]:
    """Store what runs did, all in one transaction: traces, state, summary, and the end of those that ended.

    Returns LOST for a run whose lease is no longer the newest, of which nothing is stored; CANCEL where a cancellation
    waits.
    """
    answers: dict[str, Recorded] = {}
    with db.write() as conn:
        now = clock(conn)
        for batch in _one_of_each(items):
            for run_id, answer in _record(conn, batch, now).items():
                if answers.get(run_id) is not Recorded.LOST:
                    answers[run_id] = answer
    return answers


def _one_of_each(items: Sequence[Item]) -> list[list[Item]]:
    """Return the items in order of their steps, as lists in which no run is twice."""
    batches: dict[int, list[Item]] = {}
    seen: Counter[str] = Counter()
    for lease, progress in sorted(items, key=lambda item: (item[0].run_id, item[1].step)):
        batches.setdefault(seen[lease.run_id], []).append((lease, progress))
        seen[lease.run_id] += 1
    return list(batches.values())


def renew(db: Database, leases: Sequence[Lease], lease_seconds: float) -> dict[str, Recorded]:
    """Extend leases; returns which are lost, and for which runs a cancellation waits."""
    held = tuple_(RUNS.c.id, RUNS.c.epoch).in_([(lease.run_id, lease.epoch) for lease in leases])
    with db.write() as conn:
        extended = conn.execute(
            update(RUNS)
            .where(held, RUNS.c.state == "running")
            .values(lease_expires_at=clock(conn) + lease_seconds)
            .returning(RUNS.c.id, RUNS.c.cancel_requested)
        )
        answers = {row.id: Recorded.CANCEL if row.cancel_requested else Recorded.OK for row in extended}
    return {lease.run_id: answers.get(lease.run_id, Recorded.LOST) for lease in leases}


def release(db: Database, leases: Sequence[Lease]) -> None:
    """Give runs back to the queue, as if they had not been claimed."""
    attempts = case((RUNS.c.attempts > 0, RUNS.c.attempts - 1), else_=0)
    with db.write() as conn:
        for lease in leases:
            _end_lease(conn, lease, "released", {"state": "queued", "attempts": attempts})


def finish_cancel(db: Database, lease: Lease) -> None:
    """End a run whose cancellation was requested."""
    with db.write() as conn:
        _end_lease(conn, lease, "cancelled", {"state": "cancelled", "finished_at": clock(conn)})


def fail(db: Database, lease: Lease, reason: str) -> None:
    """End a run that cannot be trained."""
    with db.write() as conn:
        failed = {"state": "failed", "error": reason, "finished_at": clock(conn)}
        _end_lease(conn, lease, "failed", failed, {"reason": reason})


def request_cancel(db: Database, run_id: str) -> str:
    """Cancel a queued run at once, ask for the end of a running one; returns the state. Raises NotFound."""
    with db.write() as conn:
        now = clock(conn)
        run = RUNS.c.id == run_id
        asked = {"cancel_requested": True, "posted_alone": False, "updated_at": now}
        cancelled = asked | {"state": "cancelled", "finished_at": now}
        if conn.execute(update(RUNS).where(run, RUNS.c.state == "queued").values(**cancelled)).rowcount:
            log(conn, [(run_id, "cancelled", {})], now)
        running = update(RUNS).where(run, RUNS.c.state == "running", RUNS.c.cancel_requested.is_(False))
        if conn.execute(running.values(**asked)).rowcount:
            log(conn, [(run_id, "cancel_requested", {})], now)
        state = conn.execute(select(RUNS.c.state).where(run)).scalar_one_or_none()
    if state is None:
        raise NotFound("run", run_id)
    return str(state)


def expire(db: Database, max_attempts: int) -> list[str]:
    """Queue the runs again whose lease has expired; fail those claimed `max_attempts` times without any progress."""
    columns = (RUNS.c.id, RUNS.c.epoch, RUNS.c.attempts, RUNS.c.lease_owner, RUNS.c.cancel_requested)
    with db.write() as conn:
        now = clock(conn)
        expired = or_(RUNS.c.lease_expires_at.is_(None), RUNS.c.lease_expires_at < now)
        query = select(*columns).where(RUNS.c.state == "running", expired)
        rows = conn.execute(query.with_for_update(skip_locked=True)).all()
        for row in rows:
            lease = Lease(row.id, row.epoch, row.lease_owner or "")
            data = {"owner": row.lease_owner, "attempts": row.attempts}
            if row.cancel_requested:
                _end_lease(conn, lease, "cancelled", {"state": "cancelled", "finished_at": now})
            elif row.attempts >= max_attempts:
                reason = f"lost by its worker {row.attempts} times in a row, the last time by {row.lease_owner}"
                _end_lease(conn, lease, "failed", {"state": "failed", "error": reason, "finished_at": now}, data)
            else:
                backoff = min(2.0 ** (row.attempts - 1), _LONGEST_BACKOFF_SECONDS) if row.attempts > 1 else 0.0
                _end_lease(conn, lease, "lease_lost", {"state": "queued", "not_before": now + backoff}, data)
    return [row.id for row in rows]


def _lease(conn: Connection, ids: Sequence[str], owner: str, now: float, lease_seconds: float) -> Sequence[Any]:
    return conn.execute(
        update(RUNS)
        .where(RUNS.c.id.in_(ids), RUNS.c.state == "queued")
        .values(
            state="running",
            epoch=RUNS.c.epoch + 1,
            attempts=RUNS.c.attempts + 1,
            lease_owner=owner,
            lease_expires_at=now + lease_seconds,
            started_at=func.coalesce(RUNS.c.started_at, now),
            updated_at=now,
        )
        .returning(RUNS.c.id, RUNS.c.epoch, RUNS.c.spec, RUNS.c.step)
    ).all()


def _end_lease(conn: Connection, lease: Lease, kind: str, values: Values, data: Values | None = None) -> None:
    """Change the state of a run whose lease ends, and log it, if the lease is still the newest."""
    now = clock(conn)
    held = (RUNS.c.id == lease.run_id) & (RUNS.c.epoch == lease.epoch) & (RUNS.c.state == "running")
    if conn.execute(update(RUNS).where(held).values(**values, **_NO_LEASE, updated_at=now)).rowcount:
        log(conn, [(lease.run_id, kind, data or {})], now)


def _record(conn: Connection, items: list[Item], now: float) -> dict[str, Recorded]:
    """Store one Progress of each run. The rows are locked first, so that no lease can change until the commit."""
    columns = [RUNS.c[name] for name in ("id", "epoch", "state", "step", "attempts", "cancel_requested", "kinds")]
    locked = select(*columns).where(RUNS.c.id.in_([lease.run_id for lease, _ in items])).order_by(RUNS.c.id)
    rows = {row.id: row for row in conn.execute(locked.with_for_update())}
    held = [(lease, progress) for lease, progress in items if _holds(rows.get(lease.run_id), lease, progress)]
    for ended in (False, True):  # whose rows change in other columns
        changes = [_change(lease, progress, now) for lease, progress in held if bool(progress.outcome) is ended]
        if changes:
            names = changes[0].keys() - {"run"}
            statement = update(RUNS).where(RUNS.c.id == bindparam("run"))
            conn.execute(statement.values({name: bindparam(name) for name in names}), changes)
    if held:
        states = [_state(lease, progress) for lease, progress in held]
        upsert(conn, STATES, states, replace=("step", "payload", "checksum"))
        blocks = {lease.run_id: progress.blocks for lease, progress in held}
        resumed = {run_id: own for run_id, own in blocks.items() if rows[run_id].step and rows[run_id].attempts}
        starts.mark(conn, resumed)  # attempts are 0 again after the first record of a claim
        writing.append(conn, blocks)
    _record_ends(conn, held, {run_id: row.kinds for run_id, row in rows.items()}, now)
    answers = dict.fromkeys((lease.run_id for lease, _ in items), Recorded.LOST)
    for lease, progress in held:
        stop = rows[lease.run_id].cancel_requested and not progress.outcome
        answers[lease.run_id] = Recorded.CANCEL if stop else Recorded.OK
    return answers


def _record_ends(conn: Connection, held: list[Item], kinds: dict[str, str], now: float) -> None:
    """Store the metrics of the runs that ended as rows of their own, and their last events."""
    ends = [(lease.run_id, progress, progress.outcome) for lease, progress in held if progress.outcome]
    rows = (metrics_of(run_id, kinds[run_id], end.kind, progress.summary) for run_id, progress, end in ends)
    insert_metrics(conn, chain.from_iterable(rows))
    log(conn, [(run_id, "succeeded", asdict(end)) for run_id, _, end in ends], now)


def _holds(row: Any, lease: Lease, progress: Progress) -> bool:
    """Say whether a lease is the newest, and the step not stored yet (a repetition after a lost commit message is)."""
    return row is not None and (row.epoch, row.state) == (lease.epoch, "running") and row.step < progress.step


def _change(lease: Lease, progress: Progress, now: float) -> Values:
    """Return the new values of a run's row; the end of a run ends its lease."""
    change = {"run": lease.run_id, "step": progress.step, "summary": summaries.encode(progress.summary)}
    change |= {"attempts": 0, "updated_at": now}
    if progress.outcome is None:
        return change
    outcome = {f"outcome_{name}": value for name, value in asdict(progress.outcome).items()}
    return change | _NO_LEASE | outcome | {"state": "succeeded", "finished_at": now}


def _state(lease: Lease, progress: Progress) -> Values:
    return {
        "run_id": lease.run_id,
        "step": progress.step,
        "payload": progress.state,
        "checksum": checksum(progress.state),
    }
