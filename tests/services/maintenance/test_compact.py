"""Joined blocks hold the very same numbers."""

from __future__ import annotations

from sqlalchemy import func, select

from services.database.engine import Database
from services.maintenance.compact import compact
from services.maintenance.verify import verify
from services.traces.rows import BLOCKS
from tests.services.curves import damage, rows
from tests.services.maintenance.conftest import Stored


def blocks(db: Database, run_id: str, name: str) -> int:
    query = select(func.count()).where(BLOCKS.c.run_id == run_id, BLOCKS.c.trace == name)
    with db.read() as conn:
        return int(conn.execute(query).scalar_one())


def test_few_blocks_of_the_same_numbers(db: Database, stored: Stored) -> None:
    before, running = rows(db, stored.ended), blocks(db, stored.running, "loss")
    assert blocks(db, stored.ended, "loss") == running > 10
    done = compact(db)
    assert rows(db, stored.ended) == before
    assert (blocks(db, stored.ended, "loss"), blocks(db, stored.ended, "delta_norm")) == (3, 1)
    assert blocks(db, stored.running, "loss") == running
    assert (done.care.changed, done.care.findings) == (done.care.looked_at, [])
    assert verify(db).care.findings == []
    assert compact(db).care.changed == 0


def test_a_damaged_block_is_left_and_told(db: Database, stored: Stored) -> None:
    damage(db, BLOCKS, BLOCKS.c.run_id == stored.ended, BLOCKS.c.first_step == 18)
    (finding,) = compact(db).care.findings
    assert finding == f"trace loss of run {stored.ended}, step 18: the checksum does not match"
    assert verify(db).care.findings == [finding]
