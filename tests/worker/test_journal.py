"""What is written down, and what no longer."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ltd_core.outcome import Outcome, Progress
from ltd_core.trace import TraceBlock
from services.runs import lifecycle
from services.runs.lifecycle import Recorded
from services.settings import Settings
from services.traces import reading, writing
from tests.support.lab import Lab, small
from worker.journal import Journal
from worker.keeper import LeaseKeeper


@pytest.fixture
def keeper(lab: Lab) -> LeaseKeeper:
    """A keeper whose thread does not run: what it knows stands still."""
    times = {"lease_seconds": 600.0, "abandon_seconds": 500.0}  # outlasts a busy machine
    return LeaseKeeper(lab.db, Settings(**(lab.settings.model_dump() | times)), lambda _: None)


@pytest.fixture
def journal(lab: Lab, keeper: LeaseKeeper) -> Journal:
    return Journal(lab.db, keeper, lab.settings, "test")


def progress(first: int, last: int, outcome: Outcome | None = None, offset: float = 0) -> Progress:
    values = np.arange(first, last + 1, dtype=np.float32) + np.float32(offset)
    return Progress(last, (TraceBlock("loss", first, 1, values),), b"state", {"final_loss": 1.0}, outcome)


def points(lab: Lab, run_id: str) -> list[int]:
    return list(reading.read(lab.db, run_id, "loss").steps)


def test_progress_is_stored(lab: Lab, journal: Journal) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    (claim,) = journal.claim(1)
    assert journal.record([(claim.lease, progress(1, 16))]) == set()
    assert points(lab, run_id) == list(range(1, 17))


def test_a_run_that_ended_is_kept_no_longer(lab: Lab, journal: Journal, keeper: LeaseKeeper) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    (claim,) = journal.claim(1)
    assert journal.record([(claim.lease, progress(1, 16, Outcome("solved", 16, "done")))]) == {run_id}
    assert keeper.verdicts() == []
    assert lab.run(run_id).state == "succeeded"


def test_an_abandoned_run_is_not_written_and_goes_back(lab: Lab, journal: Journal, keeper: LeaseKeeper) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    (claim,) = journal.claim(1)
    keeper.hold([claim.lease], time.monotonic() - 501.0)
    assert keeper.verdicts() == [(claim.lease, Recorded.LOST)]
    assert journal.record([(claim.lease, progress(1, 16))]) == {run_id}
    assert lab.run(run_id).step == 0
    assert lab.run(run_id).state == "queued"


def test_a_stale_lease_writes_nothing(lab: Lab, journal: Journal) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    (claim,) = journal.claim(1)
    lifecycle.release(lab.db, [claim.lease])
    lifecycle.claim(lab.db, "other", 1, lease_seconds=30)
    assert journal.record([(claim.lease, progress(1, 16))]) == {run_id}
    assert lab.run(run_id).step == 0
    assert lab.run(run_id).worker == "other"


def test_one_bad_block_costs_its_own_run_alone(lab: Lab, journal: Journal) -> None:
    lab.submit(small(0), small(1), hint=False)
    good, bad = journal.claim(2)
    with lab.db.write() as conn:
        writing.append(conn, {bad.lease.run_id: progress(1, 16, offset=1).blocks})
    gone = journal.record([(good.lease, progress(1, 16)), (bad.lease, progress(1, 16))])
    assert gone == {bad.lease.run_id}
    assert lab.run(good.lease.run_id).step == 16
    assert lab.run(bad.lease.run_id).state == "failed"


def test_a_cancellation_is_carried_out(lab: Lab, journal: Journal) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    (claim,) = journal.claim(1)
    lifecycle.request_cancel(lab.db, run_id)
    assert journal.record([(claim.lease, progress(1, 16))]) == {run_id}
    assert lab.run(run_id).state == "cancelled"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_progress_waits_for_the_store_and_is_stored_in_order(lab: Lab, journal: Journal) -> None:
    (run_id,) = lab.submit(small(), hint=False)
    (claim,) = journal.claim(1)
    started = time.monotonic()
    with lab.db.write():  # holds the write lock longer than the journal waits for it
        assert journal.record([(claim.lease, progress(1, 16))]) == set()
    assert journal.waiting
    assert time.monotonic() - started < 30
    assert points(lab, run_id) == []
