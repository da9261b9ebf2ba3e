"""The life of a run: submitted once, claimed by one, written by the holder of its newest lease alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from services.database.engine import Database
from services.errors import NotFound, TraceConflict
from services.runs import lifecycle, queries
from services.runs.lifecycle import Recorded
from services.settings import Settings
from services.traces import reading, writing
from tests.services.lab import block, claim, progress, spec, submit


def state(db: Database, run_id: str) -> str:
    return queries.get(db, run_id).state


def kinds(db: Database, run_id: str) -> list[str]:
    return [event.kind for event in queries.events(db, run_id, 0)]


def lapse(db: Database) -> None:
    """Let every lease end now."""
    with db.write() as conn:
        conn.execute(text("UPDATE runs SET lease_expires_at = 1 WHERE state = 'running'"))


def test_the_oldest_is_claimed_first_with_others_of_its_shape(db: Database) -> None:
    narrow = submit(db, 3)
    wide = submit(db, 2, batch_size=7)
    assert [c.lease.run_id for c in claim(db, 2)] == narrow[:2]
    assert [c.lease.run_id for c in claim(db, 10)] == narrow[2:]
    assert [c.lease.run_id for c in lifecycle.claim(db, "w", 10, shape_key=spec().shape_key, lease_seconds=60)] == []
    assert [c.lease.run_id for c in claim(db, 10)] == wide
    assert claim(db, 1) == []


def test_claims_at_once_never_share_a_run(settings: Settings, db: Database) -> None:
    ids = submit(db, 60)

    def work(number: int) -> list[str]:
        own, mine = Database(settings.database_url), []
        try:
            while taken := claim(own, 4, owner=f"worker {number}"):
                mine += [c.lease.run_id for c in taken]
        finally:
            own.dispose()
        return mine

    with ThreadPoolExecutor(5) as pool:
        found = [run_id for mine in pool.map(work, range(5)) for run_id in mine]
    assert sorted(found) == sorted(ids)


def test_progress_is_traces_state_and_summary_together(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db)
    lifecycle.record(db, [(mine.lease, progress(16, (block(1, 16),), best_loss=0.5))])
    run = queries.get(db, run_id)
    assert (run.step, run.summary, run.attempts) == (16, {"best_loss": 0.5}, 0)
    lifecycle.release(db, [mine.lease])
    (again,) = claim(db)
    assert (again.step, again.state, again.lease.epoch) == (16, b"state 16", mine.lease.epoch + 1)
    ended = progress(20, (block(17, 4),), outcome="solved", best_loss=0.25)
    assert lifecycle.record(db, [(again.lease, ended)]) == {run_id: Recorded.OK}
    run = queries.get(db, run_id)
    assert (run.state, run.outcome) == ("succeeded", {"kind": "solved", "step": 20, "message": "why"})
    assert reading.read(db, run_id, "loss").values.tolist() == [float(step) for step in range(1, 21)]


def test_several_blocks_of_a_run_in_one_call_are_stored_in_order(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db)
    items = [(mine.lease, progress(10 * i, (block(10 * i - 9, 10),))) for i in (3, 1, 2, 4)]
    assert lifecycle.record(db, items) == {run_id: Recorded.OK}
    assert queries.get(db, run_id).step == 40
    coarse = reading.read(db, run_id, "loss", max_points=3)
    assert coarse.maximum.tolist() == [16.0, 32.0, 40.0]


def test_a_stale_lease_writes_nothing(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (old,) = claim(db, owner="frozen")
    lifecycle.record(db, [(old.lease, progress(16, (block(1, 16),)))])
    lapse(db)
    assert lifecycle.expire(db, 5) == [run_id]
    (new,) = claim(db, owner="other")
    stale = progress(32, (block(17, 16, offset=0.5),))
    assert lifecycle.record(db, [(old.lease, stale)]) == {run_id: Recorded.LOST}
    assert lifecycle.renew(db, [old.lease], 60) == {run_id: Recorded.LOST}
    lifecycle.release(db, [old.lease])
    lifecycle.fail(db, old.lease, "nonsense")
    assert state(db, run_id) == "running"
    assert len(reading.read(db, run_id, "loss").values) == 16
    assert lifecycle.record(db, [(new.lease, progress(32, (block(17, 16),)))]) == {run_id: Recorded.OK}
    assert kinds(db, run_id) == ["queued", "claimed", "lease_lost", "claimed"]


def test_the_same_step_again_is_refused_and_leaves_no_point_twice(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db)
    once = progress(16, (block(1, 16),))
    assert lifecycle.record(db, [(mine.lease, once)]) == {run_id: Recorded.OK}
    assert lifecycle.record(db, [(mine.lease, once)]) == {run_id: Recorded.LOST}
    assert len(reading.read(db, run_id, "loss").values) == 16


def test_other_bytes_under_a_stored_key_are_refused(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db)
    with db.write() as conn:
        writing.append(conn, {run_id: [block(1, 16)]})
    with pytest.raises(TraceConflict, match=run_id):
        lifecycle.record(db, [(mine.lease, progress(16, (block(1, 16, offset=1.0),)))])
    assert queries.get(db, run_id).step == 0
    assert lifecycle.record(db, [(mine.lease, progress(16, (block(1, 16),)))]) == {run_id: Recorded.OK}


def test_cancellation(db: Database) -> None:
    queued, running = submit(db, 2)[::-1]
    (mine,) = claim(db)
    assert lifecycle.request_cancel(db, queued) == "cancelled"
    assert lifecycle.request_cancel(db, running) == "running"
    assert lifecycle.renew(db, [mine.lease], 60) == {running: Recorded.CANCEL}
    assert lifecycle.record(db, [(mine.lease, progress(16))]) == {running: Recorded.CANCEL}
    lifecycle.finish_cancel(db, mine.lease)
    assert state(db, running) == "cancelled"
    assert lifecycle.request_cancel(db, running) == "cancelled"
    with pytest.raises(NotFound):
        lifecycle.request_cancel(db, "0" * 32)


def test_a_run_that_ends_while_its_end_is_asked_for_has_succeeded(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db)
    lifecycle.request_cancel(db, run_id)
    assert lifecycle.record(db, [(mine.lease, progress(1000, outcome="exhausted"))]) == {run_id: Recorded.OK}
    assert state(db, run_id) == "succeeded"


def test_a_run_that_kills_its_workers_fails_in_the_end(db: Database) -> None:
    (run_id,) = submit(db, 1)
    for attempt in range(1, 4):
        with db.write() as conn:
            conn.execute(text("UPDATE runs SET not_before = NULL"))
        assert len(claim(db, owner=f"worker {attempt}")) == 1
        assert queries.get(db, run_id).attempts == attempt
        lapse(db)
        lifecycle.expire(db, 3)
    run = queries.get(db, run_id)
    assert run.state == "failed"
    assert "3 times" in (run.error or "")
    assert "worker 3" in (run.error or "")


def test_progress_forgives_earlier_attempts(db: Database) -> None:
    (run_id,) = submit(db, 1)
    for step in range(1, 8):
        with db.write() as conn:
            conn.execute(text("UPDATE runs SET not_before = NULL"))
        (mine,) = claim(db)
        lifecycle.record(db, [(mine.lease, progress(step))])
        lapse(db)
        lifecycle.expire(db, 2)
    assert state(db, run_id) == "queued"


def test_a_cancelled_run_whose_worker_died_ends(db: Database) -> None:
    (run_id,) = submit(db, 1)
    claim(db)
    lifecycle.request_cancel(db, run_id)
    lapse(db)
    lifecycle.expire(db, 5)
    assert state(db, run_id) == "cancelled"


def test_a_lease_that_is_renewed_does_not_lapse(db: Database) -> None:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db, seconds=60)
    lapse(db)
    assert lifecycle.renew(db, [mine.lease], 60) == {run_id: Recorded.OK}
    assert lifecycle.expire(db, 5) == []
