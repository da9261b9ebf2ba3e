"""Queued runs are claimed in turn: sweeps and runs posted alone advance alike, whoever came first with how many."""

from __future__ import annotations

import pytest

from services.database.engine import Database
from services.runs import lifecycle, queries, submission, turns
from services.sweeps import posted
from services.sweeps.request import SweepRequest, expand
from tests.services.lab import claim, spec, submit


def post(db: Database, seeds: range, **changes: object) -> tuple[str, list[str]]:
    """Post a sweep; return its id and those of its runs."""
    base = {name: value for name, value in spec(**changes).full().items() if name != "seed"}
    request = SweepRequest(base=base, seeds=list(seeds))
    return posted.post(db, request).sweep_id, [one.digest for _, one in expand(request)]


def claimed(db: Database, limit: int) -> list[str]:
    return [one.lease.run_id for one in claim(db, limit)]


def test_two_sweeps_of_one_shape_take_turns_from_when_the_second_was_posted(db: Database) -> None:
    _, first = post(db, range(8))
    assert claimed(db, 2) == first[:2]
    _, second = post(db, range(100, 103))
    assert claimed(db, 6) == [first[2], second[0], first[3], second[1], first[4], second[2]]
    assert claimed(db, 9) == first[5:]


def test_a_run_posted_alone_is_behind_one_run_of_a_sweep_not_behind_all(db: Database) -> None:
    _, many = post(db, range(50))
    (alone,) = submission.submit(db, [spec(1000)]).new
    assert claimed(db, 2) == [many[0], alone]


def test_a_sweep_is_not_behind_many_runs_that_were_posted_alone_one_by_one(db: Database) -> None:
    for seed in range(6):
        submission.submit(db, [spec(seed)])
    _, few = post(db, range(100, 102))
    assert set(few) <= set(claimed(db, 5))


def test_runs_posted_alone_go_in_the_order_of_their_posts(db: Database) -> None:
    ids = [one for seed in range(4) for one in submission.submit(db, [spec(seed)]).new]
    assert claimed(db, 4) == ids


def test_a_run_of_a_sweep_comes_forward_when_it_is_posted_alone_too(db: Database) -> None:
    _, many = post(db, range(50))
    submission.submit(db, [spec(49)])
    assert claimed(db, 2) == [many[0], many[49]]


def test_runs_that_are_queued_again_take_their_turn_as_new_ones_do(db: Database) -> None:
    ids = submit(db, 3)
    for run_id in ids:
        lifecycle.request_cancel(db, run_id)
    _, many = post(db, range(100, 110))
    submit(db, 3)
    assert claimed(db, 6) == [ids[0], many[0], ids[1], many[1], ids[2], many[2]]  # the older first


def test_a_post_is_overlooked_while_nothing_of_it_trains(db: Database) -> None:
    assert turns.overlooked(db) == []
    first, _ = post(db, range(8))
    second, _ = post(db, range(8), batch_size=7)
    claim(db, 2)
    claims = {name: one for name in (first, second) for one in lifecycle.claim(db, "w", 1, lease_seconds=60, post=name)}
    assert turns.overlooked(db) == []
    for one in claims.values():
        lifecycle.release(db, [one.lease])
    assert second in turns.overlooked(db)


def test_what_was_posted_alone_does_not_wait_for_others_that_were(db: Database) -> None:
    submit(db, 2)
    claim(db, 1)
    assert turns.overlooked(db) == [turns.ALONE]


def test_a_claim_of_a_post_takes_no_run_of_another(db: Database) -> None:
    _, first = post(db, range(5))
    name, second = post(db, range(100, 102))
    taken = lifecycle.claim(db, "w", 5, lease_seconds=60, post=name)
    assert [one.lease.run_id for one in taken] == second
    assert {queries.get(db, run_id).state for run_id in first} == {"queued"}


@pytest.mark.parametrize("runs", [1, 3])
def test_turns_begin_anew_once_nothing_is_queued(db: Database, runs: int) -> None:
    post(db, range(runs))
    claim(db, runs)
    with db.write() as conn:
        assert turns.first(conn, "a sweep") == 0
