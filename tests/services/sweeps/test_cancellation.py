"""What a cancelled sweep takes with it, and what it leaves to others."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from services.database.engine import Database
from services.errors import NotFound
from services.runs import lifecycle, queries, submission
from services.settings import Settings
from services.sweeps import cancellation, posted, slices
from services.sweeps.cancellation import SweepCancelled, cancel
from services.sweeps.request import expand
from tests.services.lab import claim
from tests.services.sweeps.asked import request

OTHER = {"axes": {"clipping.threshold": [0.1, 2.0], "batch_size": [5, 20]}, "name": "other"}
"""Half of its runs are the first sweep's too."""


def states(db: Database, sweep_id: str) -> dict[str, int]:
    return posted.get(db, sweep_id).states


def last_events(db: Database, run_ids: list[str]) -> Counter[str]:
    return Counter(queries.events(db, run_id)[-1].kind for run_id in run_ids)


def test_a_sweep_alone_ends_and_posted_again_goes_on(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    assert posted.get(db, sweep_id).cancelled_at is None
    assert cancel(db, sweep_id) == SweepCancelled(cancelled=8, kept=0)
    view = posted.get(db, sweep_id)
    assert (view.finished, view.cancelled_at is not None) == (True, True)
    assert last_events(db, [one.digest for _, one in expand(request())]) == {"cancelled": 8}
    assert cancel(db, sweep_id) == SweepCancelled(cancelled=0, kept=0)
    assert posted.post(db, request()).restarted == 8
    assert posted.get(db, sweep_id).cancelled_at is None
    with pytest.raises(NotFound):
        cancel(db, "0" * 32)


def test_runs_of_another_sweep_stay_queued_and_running_for_it(db: Database) -> None:
    first, other = posted.post(db, request()).sweep_id, posted.post(db, request(**OTHER)).sweep_id
    shape = [one.lease.run_id for one in claim(db, 2)]
    shared = {one.digest for _, one in expand(request())} & {one.digest for _, one in expand(request(**OTHER))}
    assert cancel(db, first) == SweepCancelled(cancelled=4, kept=4)
    assert (sum(states(db, other).values()), states(db, other).get("cancelled")) == (8, None)
    assert {queries.get(db, run_id).cancel_requested for run_id in shared} == {False}
    assert last_events(db, list(shared - set(shape))) == {"queued": len(shared - set(shape))}
    assert cancel(db, other) == SweepCancelled(cancelled=8, kept=0)
    assert {queries.get(db, run_id).cancel_requested for run_id in shape} == {True}
    assert last_events(db, shape) == {"cancel_requested": 2}


def test_a_sweep_that_was_cancelled_waits_for_nothing_until_it_is_posted_again(db: Database) -> None:
    first, other = posted.post(db, request()).sweep_id, posted.post(db, request(**OTHER)).sweep_id
    cancel(db, first)
    posted.post(db, request())
    assert cancel(db, other) == SweepCancelled(cancelled=4, kept=4)
    assert states(db, first) == {"queued": 8}


@pytest.mark.parametrize("before", [True, False])
def test_a_run_that_was_posted_alone_stays_until_it_is_cancelled_alone(db: Database, *, before: bool) -> None:
    _, one = expand(request())[3]
    if before:
        submission.submit(db, [one])
    sweep_id = posted.post(db, request()).sweep_id
    if not before:
        submission.submit(db, [one])
    assert cancel(db, sweep_id) == SweepCancelled(cancelled=7, kept=1)
    assert queries.get(db, one.digest).state == "queued"
    lifecycle.request_cancel(db, one.digest)
    posted.post(db, request())
    assert cancel(db, sweep_id) == SweepCancelled(cancelled=8, kept=0)


def test_two_sweeps_cancelled_at_once_leave_nothing(settings: Settings, db: Database) -> None:
    ids = [posted.post(db, request(**changes)).sweep_id for changes in ({}, OTHER)]

    def send(sweep_id: str) -> None:
        own = Database(settings.database_url)
        cancel(own, sweep_id)
        own.dispose()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, ids))
    assert queries.count_by_state(db) == {"cancelled": 12}


def test_a_sweep_that_is_posted_while_another_is_cancelled_has_its_runs(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is posted when the first has marked itself, and has read no run yet."""
    first, own, original = posted.post(db, request()).sweep_id, Database(settings.database_url), cancellation.slices

    def between(runs: int) -> Any:
        posted.post(own, request(**OTHER))
        return original(runs)

    monkeypatch.setattr(cancellation, "slices", between)
    assert cancel(db, first) == SweepCancelled(cancelled=4, kept=4)
    own.dispose()


@pytest.mark.parametrize("size", [1, 4])
def test_a_slice_is_a_few_statements_whatever_its_size(db: Database, size: int) -> None:
    sweep_id = posted.post(db, request(seeds=list(range(size)))).sweep_id
    statements: list[str] = []
    event.listen(db._writer, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    cancel(db, sweep_id)
    assert len([one for one in statements if not one.startswith(("BEGIN", "SELECT extract"))]) == 6


def test_slices_are_cancelled_one_after_another(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 3)
    sweep_id = posted.post(db, request()).sweep_id
    assert cancel(db, sweep_id) == SweepCancelled(cancelled=8, kept=0)
