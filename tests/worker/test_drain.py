"""The loop of one process, in this process, on real stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import SweepRequest
from tests.support.lab import Lab, long, small
from tests.support.parts import DEADLINE, wait_for
from worker.drain import LANES_BESIDE, MOST_BESIDE, Drain
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


def endless(batch_size: int, count: int) -> SweepRequest:
    """Return a sweep of runs that never end, more of them than there are lanes."""
    base = {name: value for name, value in long(updates=ENDLESS).full().items() if name != "seed"}
    return SweepRequest(base=base | {"batch_size": batch_size}, seeds=list(range(count)))


def trained(lab: Lab, sweep_id: str) -> int:
    return posted.get(lab.db, sweep_id).updates_done


@pytest.mark.parametrize("batch_size", [4, 20])
def test_a_run_posted_alone_trains_beside_a_crew_whose_lanes_are_all_taken(
    lab: Lab, loop: Loop, batch_size: int
) -> None:
    sweep = posted.post(lab.db, endless(20, 9)).sweep_id
    loop.thread.start()
    wait_for(lambda: trained(lab, sweep) > 16)
    (alone,) = lab.submit(parse_spec(long(99, updates=300).full() | {"batch_size": batch_size}), hint=False)
    assert lab.ends([alone]) == ["succeeded"]
    assert lab.events(alone) == ["queued", "claimed", "succeeded"]
    before = trained(lab, sweep)
    wait_for(lambda: trained(lab, sweep) > before)


def test_sweeps_posted_behind_an_endless_one_advance_with_it_and_are_given_back_with_it(lab: Lab, loop: Loop) -> None:
    sweeps = [posted.post(lab.db, endless(20, 9)).sweep_id]
    loop.thread.start()
    wait_for(lambda: trained(lab, sweeps[0]) > 16)
    sweeps += [posted.post(lab.db, endless(size, 9)).sweep_id for size in (3, 5)]
    for sweep in (*sweeps, *sweeps):
        before = trained(lab, sweep)
        wait_for(lambda sweep=sweep, before=before: trained(lab, sweep) > before)
    loop.stop.set()
    loop.thread.join()
    assert [posted.get(lab.db, sweep).states for sweep in sweeps] == [{"queued": 9}] * 3


def test_no_more_crews_train_beside_another_than_leave_it_a_quarter_of_the_time(lab: Lab, loop: Loop) -> None:
    sweeps = [posted.post(lab.db, endless(20 + size, 9)).sweep_id for size in range(6)]
    loop.thread.start()
    wait_for(lambda: sum(trained(lab, sweep) > 0 for sweep in sweeps) == 1 + MOST_BESIDE)
    running = [posted.get(lab.db, sweep).states.get("running", 0) for sweep in sweeps]
    assert sorted(running) == [0, 0, *[LANES_BESIDE] * MOST_BESIDE, 4]
