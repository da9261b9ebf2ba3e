"""What goes, what stays, and what can still be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from services.database.engine import Database
from services.database.models import Run, table
from services.errors import NotFound
from services.maintenance.repair import repair
from services.maintenance.retention import keep, policies, thin
from services.maintenance.verify import verify
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import parse_request
from services.traces import reading
from services.traces.pyramid import FIGURES
from services.traces.rows import BLOCKS
from tests.services.curves import agree, naive, store, wild
from tests.services.lab import claim, progress
from tests.services.maintenance.conftest import Stored

RUNS = table(Run)


def age(db: Database, days: float, *ids: str) -> None:
    """Make it so long ago that runs ended."""
    with db.write() as conn:
        conn.execute(update(RUNS).where(RUNS.c.id.in_(ids)).values(finished_at=RUNS.c.finished_at - days * 86_400))


def blocks(db: Database, run_id: str) -> list[tuple[str, int]]:
    query = select(BLOCKS.c.trace, BLOCKS.c.first_step).where(BLOCKS.c.run_id == run_id).order_by(BLOCKS.c.first_step)
    with db.read() as conn:
        return [tuple(row) for row in conn.execute(query)]


def test_the_pyramid_stays_and_says_the_same(db: Database, stored: Stored) -> None:
    before = {most: reading.read(db, stored.ended, "loss", max_points=most) for most in (1250, 300, 20, 1)}
    running = blocks(db, stored.running)
    keep(db, 30)
    assert thin(db).runs == 0
    age(db, 31, stored.ended)
    done = thin(db)
    assert (done.runs, done.next, done.care.findings) == (1, None, [])
    assert len(blocks(db, stored.ended)) == 2
    assert blocks(db, stored.running) == running
    for most, expected in before.items():
        view = reading.read(db, stored.ended, "loss", max_points=most)
        assert (view.level, view.steps.tolist()) == (expected.level, expected.steps.tolist())
        np.testing.assert_array_equal(view.count, expected.count)
        agree(view, {name: getattr(expected, name) for name in FIGURES})
    finest = reading.read(db, stored.ended, "loss", max_points=100_000)
    assert finest.cell_steps == 32
    agree(finest, naive(stored.loss, 32))
    agree(reading.read(db, stored.ended, "delta_norm"), naive(stored.deltas, 32))
    part = reading.read(db, stored.ended, "loss", start=5000, end=5100, max_points=1000)
    assert (part.steps[0], part.steps[-1], part.cell_steps) == (4993, 5089, 32)
    assert thin(db).runs == 0
    assert verify(db).care.findings == []
    assert repair(db).care.findings == []


def test_each_sweep_may_have_its_own_policy_and_the_longest_holds(db: Database) -> None:
    def post(name: str, seeds: list[int]) -> str:
        base = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 64}
        return posted.post(db, parse_request({"name": name, "base": base, "seeds": seeds})).sweep_id

    short, long = post("short", [0, 1]), post("long", [1, 2])
    leases = {one.spec.seed: one.lease for one in claim(db, 10)}
    for lease in leases.values():
        store(db, lease.run_id, "loss", wild(64), [32])
    lifecycle.record(db, [(lease, progress(64, outcome="exhausted")) for lease in leases.values()])
    age(db, 10, *(lease.run_id for lease in leases.values()))
    keep(db, 5, short)
    keep(db, None, long)
    assert policies(db) == sorted(
        [{"sweep": short, "days": 5.0}, {"sweep": long, "days": None}], key=lambda its: its["sweep"]
    )
    assert thin(db).runs == 1
    left = {seed: len(blocks(db, lease.run_id)) for seed, lease in leases.items()}
    assert left == {0: 1, 1: 2, 2: 2}
    keep(db, 9, long)
    assert thin(db, seconds=0.0).next is not None
    assert thin(db).next is None
    assert [len(blocks(db, lease.run_id)) for lease in leases.values()] == [1, 1, 1]


def test_a_trace_that_cannot_be_condensed_is_kept(db: Database, stored: Stored) -> None:
    from_before: Any = blocks(db, stored.ended)
    with db.write() as conn:
        mine = (BLOCKS.c.run_id == stored.ended) & (BLOCKS.c.trace == "loss")
        conn.execute(update(BLOCKS).where(mine, BLOCKS.c.first_step == 18).values(payload=b"xx"))
        conn.exec_driver_sql("DELETE FROM trace_pages")
    keep(db, 0)
    (finding,) = thin(db).care.findings
    assert "page 0 cannot be made" in finding
    assert [at for at in blocks(db, stored.ended) if at[0] == "loss"] == [at for at in from_before if at[0] == "loss"]


def test_no_policy_for_what_is_not_there(db: Database) -> None:
    with pytest.raises(NotFound):
        keep(db, 3, "0" * 32)
    assert (policies(db), thin(db).runs) == ([], 0)
