"""Sweeps: what they expand to, and what of it is run."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection

from ltd_core.errors import InvalidSpec
from ltd_core.spec import RunSpec
from services.comparison.positions import positions
from services.database.engine import Database
from services.database.rows import insert_missing
from services.errors import NotFound, StoreUnavailable
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import lifecycle, queries, submission
from services.settings import Settings
from services.sweeps import posted, slices
from services.sweeps.request import expand
from tests.services.lab import claim, progress
from tests.services.sweeps.asked import request


def test_posted_again_it_starts_nothing_and_with_one_value_more_only_the_new_cells(db: Database) -> None:
    first = posted.post(db, request())
    assert (first.new, first.stood, first.created) == (8, 0, True)
    again = posted.post(db, request())
    assert (again.new, again.stood, again.created, again.sweep_id) == (0, 8, False, first.sweep_id)
    wider = posted.post(db, request(axes={"clipping.threshold": [0.1, 1.0, 3.0], "batch_size": [5, 20]}))
    assert (wider.new, wider.stood, wider.created) == (4, 8, True)
    other = posted.post(db, request(axes={"clipping.threshold": [0.1, 2.0], "batch_size": [5, 20]}))
    assert (other.new, other.stood) == (4, 4)


def test_the_same_sweep_posted_at_once_is_one(settings: Settings) -> None:
    def send(_: int) -> tuple[bool, int]:
        own = Database(settings.database_url)
        try:
            done = posted.post(own, request())
            return done.created, done.new
        finally:
            own.dispose()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(send, range(5)))
    assert sum(created for created, _ in answers) == 1
    assert sum(new for _, new in answers) == 8


def test_progress_is_counted(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    done, going = claim(db, 2)
    lifecycle.record(db, [(done.lease, progress(40, outcome="diverged")), (going.lease, progress(25))])
    view = posted.get(db, sweep_id)
    assert (view.runs, view.updates_total, view.updates_done) == (8, 800, 125)
    assert view.states == {"queued": 6, "running": 1, "succeeded": 1}
    assert view.outcomes == {"diverged": 1}
    assert not view.finished


def test_pages_hold_every_sweep_once(db: Database) -> None:
    ids = [posted.post(db, request(name=f"sweep {i}")).sweep_id for i in range(5)]
    seen, cursor = [], None
    while True:
        page, cursor = posted.list_sweeps(db, cursor, 2)
        seen += [view.id for view in page]
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_what_is_wrong_stores_nothing(db: Database) -> None:
    with pytest.raises(InvalidSpec):
        posted.post(db, request(axes={"batch_size": [5, 0]}))
    assert posted.list_sweeps(db) == ([], None)
    assert queries.count_by_state(db) == {}


UNRELATED = {"name": "half", "base": "{}", "axes": "{}", "seeds": "[]", "created_at": 1.0, "runs": 0}


def test_a_large_sweep_is_stored_in_slices_and_seen_when_it_is_whole(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each slice another connection writes and sees no sweep, though its runs may be claimed already."""
    other, prepared, seen = Database(db.url), submission.prepared, []

    def between(specs: Iterable[RunSpec]) -> submission.Prepared:
        with other.write() as conn:
            insert_missing(conn, posted.SWEEPS, [UNRELATED | {"id": str(len(seen))}])
        seen.append((posted.list_sweeps(other), list_runs(other, ListQuestion(search="a sweep")).runs))
        return prepared(specs)

    monkeypatch.setattr(slices, "SLICE", 3)
    monkeypatch.setattr(submission, "prepared", between)
    done = posted.post(db, request())
    other.dispose()
    assert seen == [(([], None), [])] * 3
    assert (done.new, done.created, posted.get(db, done.sweep_id).runs) == (8, True, 8)
    assert len(list_runs(db, ListQuestion(sweep=done.sweep_id)).runs) == 8


def test_a_sweep_that_broke_off_is_unseen_and_completed_when_it_is_posted_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, insert_new = [], posted.insert_new

    def failing(conn: Connection, *rest: Any) -> None:
        if stored:
            raise StoreUnavailable
        stored.append(insert_new(conn, *rest))

    monkeypatch.setattr(slices, "SLICE", 3)
    with monkeypatch.context() as broken:
        broken.setattr(posted, "insert_new", failing)
        with pytest.raises(StoreUnavailable):
            posted.post(db, request())
    assert posted.list_sweeps(db) == ([], None)
    assert queries.count_by_state(db) == {"queued": 3}
    again = posted.post(db, request())
    with pytest.raises(NotFound):
        posted.get(db, again.sweep_id[::-1])
    assert (again.new, again.stood, again.created) == (5, 3, True)
    where = positions(db, posted.grid(db, again.sweep_id), ("seed",))
    assert (len(where.ids), posted.post(db, request()).created) == (8, False)


def test_seeds_are_checked_without_a_run_each() -> None:
    """100,000 of them once took most of the time in which the database was locked."""
    with pytest.raises(InvalidSpec, match=r"seeds\[70000\]"):
        expand(request(axes={}, seeds=[*range(70_000), -1]))
