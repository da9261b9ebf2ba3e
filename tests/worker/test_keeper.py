"""Leases are kept while work advances, and only then."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from services.runs import lifecycle
from services.runs.lifecycle import Lease, Recorded
from services.settings import Settings
from tests.support.lab import Lab, small
from tests.support.parts import wait_for
from worker import keeper as keeper_module
from worker.keeper import LeaseKeeper


@pytest.fixture
def reports() -> list[list[str]]:
    return []


@pytest.fixture
def times() -> dict[str, float]:
    """Leases that outlast a busy machine, renewed all the time."""
    return {"lease_seconds": 600.0, "renew_seconds": 0.05, "abandon_seconds": 500.0}


@pytest.fixture
def short(times: dict[str, float]) -> None:
    """Leases that lapse."""
    times |= {"lease_seconds": 0.5, "abandon_seconds": 0.4}


@pytest.fixture
def keeper(lab: Lab, reports: list[list[str]], times: dict[str, float]) -> Iterator[LeaseKeeper]:
    made = LeaseKeeper(lab.db, Settings(**(lab.settings.model_dump() | times)), reports.append)
    try:
        yield made
    finally:
        made.stop()


def take(lab: Lab, keeper: LeaseKeeper) -> Lease:
    lab.submit(small(), hint=False)
    since = time.monotonic()
    (claim,) = lifecycle.claim(lab.db, "test", 1, lease_seconds=keeper._settings.lease_seconds)
    keeper.hold([claim.lease], since)
    return claim.lease


def expires(lab: Lab, lease: Lease) -> float:
    with lab.db.read() as conn:
        return conn.execute(text("SELECT lease_expires_at FROM runs WHERE id = :id"), {"id": lease.run_id}).scalar_one()


def test_a_lease_is_renewed_and_reported(lab: Lab, keeper: LeaseKeeper, reports: list[list[str]]) -> None:
    lease = take(lab, keeper)
    before = expires(lab, lease)
    keeper.start()
    wait_for(lambda: expires(lab, lease) > before)
    wait_for(lambda: [lease.run_id] in reports)
    assert keeper.verdicts() == [(lease, Recorded.OK)]


@pytest.mark.usefixtures("short")
def test_a_dropped_lease_is_renewed_no_longer(lab: Lab, keeper: LeaseKeeper, reports: list[list[str]]) -> None:
    lease = take(lab, keeper)
    keeper.drop([lease])
    keeper.start()
    wait_for(lambda: len(reports) > 2)
    assert reports[-1] == []
    wait_for(lambda: lifecycle.expire(lab.db, 5) == [lease.run_id])


@pytest.mark.usefixtures("short")
def test_a_loop_that_does_not_advance_loses_its_leases(
    lab: Lab, keeper: LeaseKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "STALL_SECONDS", 0.2)
    lease = take(lab, keeper)
    keeper.start()
    wait_for(lambda: lifecycle.expire(lab.db, 5) == [lease.run_id])
    wait_for(lambda: keeper.verdicts() == [(lease, Recorded.LOST)])


def test_a_loop_that_advances_keeps_its_leases(
    lab: Lab, keeper: LeaseKeeper, reports: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "STALL_SECONDS", 1.0)
    lease = take(lab, keeper)
    keeper.start()
    ends = time.monotonic() + 3.0

    def worked() -> bool:
        keeper.beat()
        return time.monotonic() > ends

    wait_for(worked)
    known = len(reports)
    wait_for(lambda: worked() and len(reports) > known)
    assert reports[-1] == [lease.run_id]
    assert keeper.verdicts() == [(lease, Recorded.OK)]


def test_it_learns_that_a_cancellation_waits(lab: Lab, keeper: LeaseKeeper) -> None:
    lease = take(lab, keeper)
    lifecycle.request_cancel(lab.db, lease.run_id)
    keeper.start()
    wait_for(lambda: keeper.verdicts() == [(lease, Recorded.CANCEL)])


def test_it_learns_that_another_process_has_the_run(lab: Lab, keeper: LeaseKeeper) -> None:
    lease = take(lab, keeper)
    lifecycle.release(lab.db, [lease])
    lifecycle.claim(lab.db, "other", 1, lease_seconds=30)
    keeper.start()
    wait_for(lambda: keeper.verdicts() == [(lease, Recorded.LOST)])


def test_a_lease_that_could_not_be_renewed_in_time_counts_as_lost(lab: Lab, keeper: LeaseKeeper) -> None:
    lease = take(lab, keeper)  # the thread does not run: no renewal comes
    assert keeper.verdicts() == [(lease, Recorded.OK)]
    keeper.hold([lease], time.monotonic() - keeper._settings.abandon_seconds)
    assert keeper.verdicts() == [(lease, Recorded.LOST)]
