"""Damage is found and named; nothing else is."""

from __future__ import annotations

from sqlalchemy import delete, update

from services.database.engine import Database
from services.database.models import RunState, table
from services.maintenance.verify import verify
from services.traces.rows import BLOCKS, PAGES
from tests.services.curves import damage
from tests.services.maintenance.conftest import Stored


def test_a_sound_store_has_no_findings(db: Database, stored: Stored) -> None:
    done = verify(db)
    assert (done.runs, done.next, done.care.findings, done.care.changed) == (len(stored.ids), None, [], 0)
    assert done.care.looked_at > 50


def test_each_fault_is_named_with_its_place(db: Database, stored: Stored) -> None:
    damage(db, BLOCKS, BLOCKS.c.run_id == stored.running, BLOCKS.c.first_step == 18)
    damage(db, PAGES, PAGES.c.run_id == stored.ended, PAGES.c.page == 1, PAGES.c.figure == "figures")
    states = table(RunState)
    with db.write() as conn:
        gone = (BLOCKS.c.run_id == stored.ended) & (BLOCKS.c.trace == "delta_norm") & (BLOCKS.c.first_step == 101)
        conn.execute(delete(BLOCKS).where(gone))
        conn.execute(update(states).where(states.c.run_id == stored.ended).values(payload=b"other"))
    gap = "a gap or an overlap after step 100: the next block begins at step 201"
    assert sorted(verify(db).care.findings) == sorted(
        [
            f"trace loss of run {stored.running}, step 18: the checksum does not match",
            f"trace loss of run {stored.ended}, level 1, figures, page 1: the checksum does not match",
            f"trace delta_norm of run {stored.ended}, {gap}",
            f"state of run {stored.ended}, step 40000: the checksum does not match",
        ]
    )


def test_the_long_checksum_is_asked_even_where_the_bytes_check_themselves(db: Database, stored: Stored) -> None:
    with db.write() as conn:
        mine = (BLOCKS.c.run_id == stored.running) & (BLOCKS.c.trace == "loss") & (BLOCKS.c.first_step == 18)
        conn.execute(update(BLOCKS).where(mine).values(checksum="0" * 32))
    assert verify(db).care.findings == [f"trace loss of run {stored.running}, step 18: the checksum does not match"]
