"""Reading runs by their ids."""

from __future__ import annotations

import pytest

from services.database.engine import Database
from services.errors import NotFound
from services.runs import lifecycle, queries, submission
from tests.services.lab import claim, progress, spec, submit


def test_a_run_is_read_as_it_was_submitted_and_as_it_ended(db: Database) -> None:
    (run_id,) = submit(db, 1)
    run = queries.get(db, run_id)
    assert (run.id, run.spec, run.state, run.summary, run.outcome) == (run_id, spec(0), "queued", {}, None)
    (taken,) = claim(db)
    lifecycle.record(db, [(taken.lease, progress(20, (), "solved", final_loss=0.25))])
    run = queries.get(db, run_id)
    assert (run.state, run.summary) == ("succeeded", {"final_loss": 0.25})
    assert run.outcome == {"kind": "solved", "step": 20, "message": "why"}
    assert [event.kind for event in queries.events(db, run_id)] == ["queued", "claimed", "succeeded"]
    assert [event.kind for event in queries.events(db, run_id, 2)] == ["succeeded"]


def test_a_run_told_from_its_new_row_is_the_run_that_is_read(db: Database) -> None:
    done = submission.submit(db, [spec(0)])
    assert [queries.of_row(row) for row in done.new.values()] == [queries.get(db, run_id) for run_id in done.new]


def test_some_runs_come_in_the_order_asked_for(db: Database) -> None:
    first, second, third = submit(db, 3)
    assert [run.id for run in queries.some(db, [third, first, second])] == [third, first, second]
    assert [run.id for run in queries.traced(db, [second, first])] == [second, first]
    for read in (queries.some, queries.traced):
        with pytest.raises(NotFound):
            read(db, [first, "0" * 32])
    with pytest.raises(NotFound):
        queries.get(db, "0" * 32)


def test_runs_are_counted_by_state(db: Database) -> None:
    assert queries.count_by_state(db) == {}
    submit(db, 3)
    claim(db)
    assert queries.count_by_state(db) == {"queued": 2, "running": 1}
