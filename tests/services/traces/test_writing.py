"""Blocks are stored once, with every page that they complete."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy import select

from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.errors import TraceConflict
from services.traces import reading, writing
from services.traces.pyramid import QUANTILES
from services.traces.rows import BLOCKS, PAGES
from tests.services.curves import damage, rows, store, wild
from tests.services.lab import submit


@pytest.mark.parametrize("sizes", [[16, 48, 4096], [700, 1000, 3000], [333]], ids=str)
def test_pages_are_the_same_to_the_bit_whatever_the_blocks(db: Database, sizes: list[int]) -> None:
    one, other = submit(db, 2)
    for name, values in (("loss", wild(17_000)), ("delta_norm", wild(300, 20)), ("spectral_radius", wild(40))):
        every = 250 if name == "spectral_radius" else 1
        store(db, one, name, values, [len(values)], every=every)
        store(db, other, name, values, sizes, every=every)
    assert rows(db, one) == rows(db, other)
    assert {key[:4] for key in rows(db, one) if len(key) > 1} == {("loss", 1, row, 0) for row in ("figures", QUANTILES)}


def test_a_block_may_be_appended_again_but_not_with_other_bytes(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(64)
    store(db, run_id, "loss", values, [32])
    before = rows(db, run_id)
    store(db, run_id, "loss", values, [32])
    assert rows(db, run_id) == before
    store(db, run_id, "loss", np.append(values, values), [32])  # known ones and new ones
    np.testing.assert_array_equal(reading.read(db, run_id, "loss").values, np.append(values, values))
    with pytest.raises(TraceConflict, match=rf"loss of run {run_id}, step 33"):
        store(db, run_id, "loss", np.append(values[:32], values[:32]), [32])
    np.testing.assert_array_equal(reading.read(db, run_id, "loss").values, np.append(values, values))


def test_the_same_block_at_once_is_stored_once(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(64)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(store, db, run_id, "loss", values, [32]) for _ in range(4)]:
            done.result()
    np.testing.assert_array_equal(reading.read(db, run_id, "loss").values, values)


def test_no_page_is_made_of_damaged_points_and_the_run_goes_on(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(32_768)
    store(db, run_id, "loss", values[:50], [50])
    damage(db, BLOCKS, BLOCKS.c.first_step == 1)
    with db.write() as conn:
        writing.append(conn, {run_id: [TraceBlock("loss", 51, 1, values[50:])]})
        pages = conn.execute(select(PAGES.c.page).where(PAGES.c.run_id == run_id).distinct()).scalars().all()
    assert pages == [1]
    np.testing.assert_array_equal(reading.read(db, run_id, "loss", start=51, max_points=40_000).values, values[50:])
