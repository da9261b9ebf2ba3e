"""Damaged and missing blocks and pages: told with their place, and the rest is read."""

from __future__ import annotations

import numpy as np
import pytest
import zstandard
from sqlalchemy import Delete, Update, delete, select, update

from services.database.engine import Database
from services.errors import TraceCorrupt
from services.runs import submission
from services.traces import reading
from services.traces.codec import checks_itself, checksum
from services.traces.pyramid import FIGURES
from services.traces.rows import BLOCKS, PAGES
from tests.services.curves import agree, damage, store, wild
from tests.services.lab import spec, submit


def test_one_damaged_bit_is_told_and_the_rest_is_read(db: Database) -> None:
    (run_id,), values, other = submit(db, 1), wild(600), wild(600)
    store(db, run_id, "loss", values, [300])
    store(db, run_id, "error_rate", other, [300])
    damage(db, BLOCKS, BLOCKS.c.trace == "loss", BLOCKS.c.first_step == 1)
    for most in (1000, 100, 1):
        with pytest.raises(TraceCorrupt, match=rf"loss of run {run_id}, step 1: the checksum"):
            reading.read(db, run_id, "loss", max_points=most)
    np.testing.assert_array_equal(reading.read(db, run_id, "error_rate").values, other)
    np.testing.assert_array_equal(reading.read(db, run_id, "loss", start=301).values, values[300:])


def test_blocks_without_a_check_of_their_own_are_read_and_held_to_their_row(db: Database) -> None:
    """As versions before this one wrote them."""
    (run_id,), values = submit(db, 1), wild(600)
    store(db, run_id, "loss", values, [300])
    with db.write() as conn:
        for row in conn.execute(select(BLOCKS)).all():
            plain = zstandard.ZstdCompressor().compress(zstandard.ZstdDecompressor().decompress(row.payload))
            change = {"payload": plain, "checksum": checksum(plain)}
            conn.execute(update(BLOCKS).where(BLOCKS.c.first_step == row.first_step).values(change))
    assert not checks_itself(plain)
    np.testing.assert_array_equal(reading.read(db, run_id, "loss").values, values)
    damage(db, BLOCKS, BLOCKS.c.first_step == 1)
    with pytest.raises(TraceCorrupt, match=rf"loss of run {run_id}, step 1: the checksum"):
        reading.read(db, run_id, "loss")
    np.testing.assert_array_equal(reading.read(db, run_id, "loss", start=301).values, values[300:])


def test_a_damaged_or_missing_page_is_done_without(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40_000)
    (other,) = submission.submit(db, [spec(1)]).new
    for mine in (run_id, other):
        store(db, mine, "loss", values, [4096])
    expected = {most: reading.read(db, other, "loss", max_points=most) for most in (1250, 40)}
    damage(db, PAGES, PAGES.c.page == 0, PAGES.c.figure == "figures")
    with db.write() as conn:
        conn.execute(delete(PAGES).where(PAGES.c.page == 1, PAGES.c.figure == "quantiles"))
    for most, view in expected.items():
        found = reading.read(db, run_id, "loss", max_points=most)
        agree(found, {name: getattr(view, name) for name in FIGURES})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (delete(BLOCKS).where(BLOCKS.c.first_step == 51), "a gap or an overlap"),
        (delete(BLOCKS).where(BLOCKS.c.first_step == 1), "a gap or an overlap"),
        (
            update(BLOCKS).where(BLOCKS.c.first_step == 51).values(first_step=41),
            "a gap or an overlap",
        ),
        (
            update(BLOCKS).where(BLOCKS.c.trace == "loss").values(shape="[49]"),
            "of shape \\[49\\] does not fit its bytes",
        ),
        (update(BLOCKS).where(BLOCKS.c.trace == "loss").values(shape="[5"), "does not fit its bytes"),
        (update(BLOCKS).where(BLOCKS.c.trace == "loss").values(dtype="<f3"), "does not fit its bytes"),
    ],
)
def test_a_trace_that_is_not_whole_is_told(db: Database, change: Update | Delete, words: str) -> None:
    (run_id,) = submit(db, 1)
    store(db, run_id, "loss", wild(150), [50])
    with db.write() as conn:
        conn.execute(change)
    with pytest.raises(TraceCorrupt, match=words):
        reading.read(db, run_id, "loss")
