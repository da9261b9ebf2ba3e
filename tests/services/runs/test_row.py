"""A run's rows, whoever makes them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from services.database.engine import Database
from services.runs.kinds import KINDS, kinds_of
from services.runs.row import METRICS, RUNS, insert, queued
from tests.services.lab import spec

OVER = {"state": "succeeded", "outcome_kind": "diverged", "summary": '{"final_loss":null,"best_loss":0.5,"success":0}'}


@pytest.mark.parametrize("ended", [True, False])
def test_a_run_has_kinds_and_metrics_from_the_moment_it_is_there(db: Database, *, ended: bool) -> None:
    one = spec(cell={"kind": "gru"})
    row = queued(one, 3.0) | (OVER if ended else {})
    with db.write() as conn:
        assert insert(conn, [(one, row)]) == {one.digest}
        assert insert(conn, [(one, row)]) == set()
    with db.read() as conn:
        (kinds,) = conn.execute(select(KINDS)).all()
        (stored,) = conn.execute(select(RUNS)).all()
        numbers = conn.execute(select(METRICS).order_by(METRICS.c.metric)).all()
    assert kinds[1:] == kinds_of(one)
    assert (stored.kinds, stored.spec, stored.created_at) == (kinds.key, one.canonical_json(), 3.0)
    shared = (kinds.key, "diverged")
    expected = [(one.digest, "best_loss", *shared, 0.5), (one.digest, "success", *shared, 0.0)]
    assert [tuple(number) for number in numbers] == (expected if ended else [])


def test_a_run_that_stands_keeps_its_metrics(db: Database) -> None:
    one = spec()
    with db.write() as conn:
        insert(conn, [(one, queued(one, 1.0))])
        assert insert(conn, [(one, queued(one, 2.0) | OVER)]) == set()
        assert conn.execute(select(METRICS)).all() == []
