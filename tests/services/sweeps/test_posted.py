"""Sweeps: what they expand to, and what of it is run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from ltd_core.errors import InvalidSpec
from services.database.engine import Database
from services.errors import NotFound
from services.runs import lifecycle, queries
from services.sweeps import posted
from tests.services.lab import claim, progress
from tests.services.sweeps.asked import request

if TYPE_CHECKING:
    from services.settings import Settings


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


def test_cancelled_it_ends(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    assert posted.cancel(db, sweep_id) == 8
    assert posted.get(db, sweep_id).finished
    with pytest.raises(NotFound):
        posted.cancel(db, "0" * 32)
    assert posted.post(db, request()).restarted == 8


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
