"""A specification is one run, however often and by how many it is submitted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from services.database.engine import Database
from services.runs import lifecycle, queries, submission
from services.settings import Settings
from tests.services.lab import claim, progress, spec, submit


def test_a_specification_is_one_run_however_often_it_is_submitted(db: Database) -> None:
    first = submission.submit(db, [spec(0), spec(1), spec(0)])
    assert (len(first.new), first.stood, first.restarted) == (2, [], [])
    again = submission.submit(db, [spec(1), spec(2)])
    assert (list(again.new), again.stood) == ([spec(2).digest], [spec(1).digest])
    assert [event.kind for event in queries.events(db, spec(1).digest)] == ["queued"]


def test_submissions_at_once_make_one_run(settings: Settings) -> None:
    def send(_: int) -> int:
        own = Database(settings.database_url)
        try:
            return len(submission.submit(own, [spec(seed) for seed in range(20)]).new)
        finally:
            own.dispose()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == 20


def test_what_ended_badly_is_queued_again_and_what_ended_well_stands(db: Database) -> None:
    cancelled, failed, done, second = submit(db, 4)
    lifecycle.request_cancel(db, cancelled)
    lifecycle.request_cancel(db, second)
    taken = {c.lease.run_id: c.lease for c in claim(db, 2)}
    lifecycle.fail(db, taken[failed], "broken")
    lifecycle.record(db, [(taken[done], progress(1000, outcome="exhausted"))])
    assert queries.get(db, failed).error == "broken"
    again = submission.submit(db, [spec(seed) for seed in range(4)])
    assert (again.new, again.stood) == ({}, [done])
    assert set(again.restarted) == {cancelled, failed, second}
    states = [queries.get(db, run_id).state for run_id in (cancelled, failed, done, second)]
    assert states == ["queued", "queued", "succeeded", "queued"]
    assert queries.get(db, failed).error is None


def test_runs_of_one_submission_are_created_in_its_order(db: Database) -> None:
    ids = submit(db, 700)  # in more than one statement
    with db.read() as conn:
        first, last = submission.created_between(conn, ids)
    created = [queries.get(db, run_id).created_at for run_id in (ids[0], ids[1], ids[-1])]
    assert first == created[0] < created[1] < created[2] == last
