"""Pages made again are the pages that were."""

from __future__ import annotations

from sqlalchemy import delete

from services.database.engine import Database
from services.maintenance.repair import repair
from services.maintenance.verify import verify
from services.traces.rows import BLOCKS, PAGES
from tests.services.curves import damage, rows
from tests.services.maintenance.conftest import Stored


def test_what_is_missing_or_damaged_is_made_again_to_the_bit(db: Database, stored: Stored) -> None:
    before = rows(db, stored.ended)
    assert repair(db).care.findings == []
    damage(db, PAGES, PAGES.c.run_id == stored.ended, PAGES.c.page == 0, PAGES.c.figure == "figures")
    with db.write() as conn:
        conn.execute(delete(PAGES).where(PAGES.c.run_id == stored.ended, PAGES.c.page == 1))
        conn.execute(delete(PAGES).where(PAGES.c.run_id == stored.running))
    done = repair(db)
    assert sorted(done.care.findings) == sorted(
        f"trace loss of run {run_id}, level 1, page {page} was made again"
        for run_id in (stored.ended, stored.running)
        for page in (0, 1)
    )
    assert (done.care.changed, done.next) == (4, None)
    assert rows(db, stored.ended) == before
    assert verify(db).care.findings == []


def test_what_cannot_be_made_again_is_told(db: Database, stored: Stored) -> None:
    damage(db, BLOCKS, BLOCKS.c.run_id == stored.ended, BLOCKS.c.first_step == 18)
    with db.write() as conn:
        conn.execute(delete(PAGES).where(PAGES.c.run_id == stored.ended))
    (lost, made) = repair(db).care.findings
    assert lost.startswith(f"trace loss of run {stored.ended}, level 1, page 0 cannot be made: ")
    assert "step 18" in lost
    assert made.endswith("page 1 was made again")
