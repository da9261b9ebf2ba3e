"""A run that was on its way when an upgrade brought a probe: its new trace begins there, and nothing is damaged."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import delete

from services.database.engine import Database
from services.errors import TraceCorrupt
from services.maintenance import retention
from services.maintenance.compact import compact
from services.maintenance.repair import repair
from services.maintenance.verify import verify
from services.runs import lifecycle
from services.traces import reading
from services.traces.rows import BLOCKS
from services.traces.starts import starts_of
from tests.services.lab import block, claim, progress, submit

BEFORE, END = 300, 2000
LATE = "error_rate"


@pytest.fixture
def run_id(db: Database) -> str:
    """A run of which one trace was recorded to step 300, and after a new claim two."""
    submit(db, 1)
    (first,) = claim(db)
    lifecycle.record(db, [(first.lease, progress(BEFORE, (block(1, BEFORE),)))])
    lifecycle.release(db, [first.lease])
    (second,) = claim(db)
    rest = range(BEFORE + 1, END, 850)
    for begin in rest:
        blocks = (block(begin, 850), block(begin, 850, name=LATE))
        last = begin + 849
        ended = "exhausted" if last == END else None
        lifecycle.record(db, [(second.lease, progress(last, blocks, outcome=ended))])
    return first.lease.run_id


def test_it_is_told_as_starting_there(db: Database, run_id: str) -> None:
    told = {entry["name"]: (entry["first_step"], entry["last_step"]) for entry in reading.catalog(db, run_id)}
    assert told == {"loss": (1, END), LATE: (BEFORE + 1, END)}
    with db.read() as conn:
        assert starts_of(conn, run_id) == {LATE: (BEFORE + 1, "<f4")}


def test_it_is_no_damage(db: Database, run_id: str) -> None:
    """It was "a gap or an overlap after step 0", and could not be read at all."""
    assert verify(db).care.findings == []
    assert [finding for finding in repair(db).care.findings if "cannot" in finding] == []
    assert compact(db).care.findings == []
    assert verify(db).care.findings == []
    assert reading.read(db, run_id, LATE, max_points=END).values is not None


@pytest.mark.parametrize(("start", "end"), [(1, END), (1, 10), (290, 310), (301, 400)])
def test_what_was_not_recorded_reads_as_no_number(db: Database, run_id: str, start: int, end: int) -> None:
    values = reading.read(db, run_id, LATE, start=start, end=end, max_points=END).values
    steps = np.arange(start, end + 1, dtype=np.float32)
    np.testing.assert_array_equal(values, np.where(steps > BEFORE, steps, np.float32(np.nan)))
    assert values is not None
    assert values.dtype == np.float32


@pytest.mark.parametrize("max_points", [10, 40, 63])
def test_cells_count_what_was_recorded(db: Database, run_id: str, max_points: int) -> None:
    view = reading.read(db, run_id, LATE, max_points=max_points)
    assert view.nonfinite is not None
    assert int(view.nonfinite.sum()) == BEFORE
    assert view.maximum is not None
    assert np.nanmax(view.maximum) == END


def test_thinned_it_reads_as_before(db: Database, run_id: str) -> None:
    shown = reading.read(db, run_id, LATE, max_points=63)
    retention.keep(db, 0)
    assert retention.thin(db).runs == 1
    again = reading.read(db, run_id, LATE, max_points=63)
    np.testing.assert_array_equal(shown.mean, again.mean)
    assert verify(db).care.findings == []


def test_a_first_block_that_was_lost_is_damage_still(db: Database, run_id: str) -> None:
    with db.write() as conn:
        for name in ("loss", LATE):
            mine = (BLOCKS.c.run_id == run_id) & (BLOCKS.c.trace == name)
            conn.execute(delete(BLOCKS).where(mine, BLOCKS.c.first_step <= BEFORE + 1))
    found = sorted(one.split(",")[0] for one in verify(db).care.findings)
    assert found == [f"trace {name} of run {run_id}" for name in (LATE, "loss")]
    for name in ("loss", LATE):
        with pytest.raises(TraceCorrupt):
            reading.read(db, run_id, name, max_points=END)


def test_a_run_that_goes_on_begins_nothing_anew(db: Database) -> None:
    """Another claim of the same release, and a trace of which a point is due every 300 steps."""
    (run_id,) = submit(db, 1)
    for end in (100, 200, 300):
        (taken,) = claim(db)
        lifecycle.record(db, [(taken.lease, progress(end, (block(end - 99, 100),)))])
        lifecycle.release(db, [taken.lease])
    with db.read() as conn:
        assert starts_of(conn, run_id) == {}
