"""Workers that die, freeze or leave in the middle of a run: its results are those of an undisturbed one, to the bit."""

from __future__ import annotations

import signal

import psutil
import pytest

from services.errors import StoreUnavailable
from tests.support.lab import SHORT_LEASE, Lab
from tests.support.parts import DEADLINE, wait_for
from tests.support.undisturbed import Results, begin, check

pytestmark = pytest.mark.xdist_group("workers")


def freeze(process: psutil.Process, lab: Lab) -> None:
    """Stop a process at a moment when it does not hold SQLite's write lock: nobody could do anything."""
    while True:
        process.suspend()
        try:
            with lab.db.write():
                return
        except StoreUnavailable:
            process.resume()


def test_a_run_whose_process_was_killed_is_taken_up_by_another_worker(lab: Lab, undisturbed: Results) -> None:
    first = lab.start(SHORT_LEASE)
    ids = begin(lab)
    first.kill()
    assert {lab.run(run_id).state for run_id in ids} == {"running"}
    lab.start(SHORT_LEASE)
    check(lab, ids, undisturbed)
    for run_id in ids:
        assert lab.events(run_id) == ["queued", "claimed", "lease_lost", "claimed", "succeeded"]


def test_a_worker_goes_on_after_its_process_was_killed(lab: Lab, undisturbed: Results) -> None:
    worker = lab.start(SHORT_LEASE)
    ids = begin(lab)
    (child,) = worker.children
    child.kill()
    check(lab, ids, undisturbed)


def test_a_process_that_froze_beyond_its_lease_writes_nothing_more(lab: Lab, undisturbed: Results) -> None:
    frozen = lab.start(SHORT_LEASE)
    ids = begin(lab)
    (child,) = frozen.children
    freeze(child, lab)
    try:
        lab.start(SHORT_LEASE)
        wait_for(lambda: all(lab.events(run_id).count("claimed") == 2 for run_id in ids))
    finally:
        child.resume()
    wait_for(lambda: "is no longer held" in frozen.log)
    check(lab, ids, undisturbed)


def test_a_warm_shutdown_gives_runs_back_and_uses_no_attempt(lab: Lab, undisturbed: Results) -> None:
    first = lab.start()
    ids = begin(lab)
    assert first.stop() == 0
    assert {lab.run(run_id).state for run_id in ids} == {"queued"}
    lab.start()
    check(lab, ids, undisturbed)
    for run_id in ids:
        assert lab.events(run_id) == ["queued", "claimed", "released", "claimed", "succeeded"]


def test_a_process_told_to_end_gives_its_runs_back_and_is_replaced(lab: Lab, undisturbed: Results) -> None:
    worker = lab.start()
    ids = begin(lab)
    (child,) = worker.children
    child.send_signal(signal.SIGTERM)
    child.wait(DEADLINE)
    check(lab, ids, undisturbed)
    for run_id in ids:
        assert lab.events(run_id) == ["queued", "claimed", "released", "claimed", "succeeded"]
