"""The loop of one process, in this process, on real stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from services.database.engine import Database
from services.runs import lifecycle
from tests.support.lab import Lab, long, small
from tests.support.parts import DEADLINE
from worker.drain import Drain
from worker.journal import Journal
from worker.keeper import LeaseKeeper

ENDLESS = 1_000_000


class Loop:
    """Everything that a worker process has but Celery."""

    def __init__(self, lab: Lab) -> None:
        self.stop = threading.Event()
        self._databases = [Database(lab.settings.database_url) for _ in range(2)]
        self.keeper = LeaseKeeper(self._databases[0], lab.settings, lambda _: None)
        journal = Journal(self._databases[1], self.keeper, lab.settings, "test")
        self.drain = Drain(journal, self.keeper, "cpu", lambda _: 4, self.stop)
        self.thread = threading.Thread(target=self.drain.run)
        self.keeper.start()

    def end(self) -> None:
        self.stop.set()
        if self.thread.ident:
            self.thread.join()
        self.keeper.stop()
        for db in self._databases:
            db.dispose()


@pytest.fixture
def loop(lab: Lab) -> Iterator[Loop]:
    made = Loop(lab)
    try:
        yield made
    finally:
        made.end()


def test_it_ends_when_no_run_of_any_shape_is_queued(lab: Lab, loop: Loop) -> None:
    ids = lab.submit(*(small(seed, batch_size=size) for seed in range(3) for size in (2, 4)), hint=False)
    loop.drain.run()
    assert {lab.run(run_id).state for run_id in ids} == {"succeeded"}
    assert loop.keeper.verdicts() == []


def test_a_stopped_loop_claims_nothing(lab: Lab, loop: Loop) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    loop.stop.set()
    loop.drain.run()
    assert lab.run(run_id).state == "queued"


def test_stopping_gives_runs_back(lab: Lab, loop: Loop) -> None:
    (run_id,) = lab.submit(long(updates=ENDLESS), hint=False)
    loop.thread.start()
    lab.reaches(run_id, 16)
    loop.stop.set()
    loop.thread.join()
    assert lab.run(run_id).state == "queued"
    assert lab.events(run_id) == ["queued", "claimed", "released"]


def test_a_run_queued_meanwhile_gets_a_free_lane(lab: Lab, loop: Loop) -> None:
    (first,) = lab.submit(long(0, updates=ENDLESS), hint=False)
    loop.thread.start()
    lab.reaches(first, 16)
    (second,) = lab.submit(long(1, updates=300), hint=False)
    lab.ends([second])
    assert lab.run(first).state == "running"


def test_a_run_with_a_damaged_state_fails_alone(lab: Lab, loop: Loop) -> None:
    good, bad = lab.submit(small(0), small(1), hint=False)
    with lab.db.write() as conn:
        conn.execute(
            text("INSERT INTO run_states (run_id, step, payload, checksum) VALUES (:id, 16, :payload, '')"),
            {"id": bad, "payload": b"garbage"},
        )
    loop.drain.run()
    assert lab.run(good).state == "succeeded"
    assert lab.run(bad).state == "failed"
    assert "damaged" in lab.run(bad).error


def test_a_run_whose_traces_contradict_those_stored_fails_alone(lab: Lab, loop: Loop) -> None:
    good, bad = lab.submit(small(0), small(1), hint=False)
    with lab.db.write() as conn:
        conn.execute(
            text(
                "INSERT INTO trace_blocks"
                " (run_id, trace, first_step, last_step, every, dtype, shape, checksum, payload)"
                " VALUES (:id, 'loss', 1, 16, 1, 'float32', '[]', 'other', :payload)"
            ),
            {"id": bad, "payload": b"other"},
        )
    loop.drain.run()
    assert lab.run(good).state == "succeeded"
    assert lab.run(bad).state == "failed"
    assert "TraceConflict" in lab.run(bad).error


def test_a_cancelled_run_leaves_its_lane(lab: Lab, loop: Loop) -> None:
    cancelled, other = lab.submit(long(0, updates=ENDLESS), long(1, updates=2000), hint=False)
    loop.thread.start()
    lab.reaches(cancelled, 16)
    lifecycle.request_cancel(lab.db, cancelled)
    assert lab.ends([cancelled, other]) == ["cancelled", "succeeded"]


def test_a_run_taken_by_another_process_is_left_to_it(lab: Lab, loop: Loop) -> None:
    (run_id,) = lab.submit(long(updates=ENDLESS), hint=False)
    loop.thread.start()
    lab.reaches(run_id, 16)
    with lab.db.write() as conn:
        conn.execute(text("UPDATE runs SET epoch = epoch + 1, lease_owner = 'other' WHERE id = :id"), {"id": run_id})
    loop.thread.join(DEADLINE)
    assert not loop.thread.is_alive()
    step = lab.run(run_id).step
    assert lab.run(run_id).state == "running"
    assert step < ENDLESS
