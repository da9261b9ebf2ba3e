"""Slices that go on where the last one ended."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from services.database.engine import Database
from services.maintenance.walk import Care, walk
from tests.services.lab import submit


@pytest.mark.parametrize("write", [False, True])
def test_every_run_is_met_once_however_short_the_slices(db: Database, write: bool) -> None:
    ids, met, after = submit(db, 7), [], None

    def work(_: Connection, run: Any) -> Care:
        met.append(run.id)
        return Care(1, 2, [run.id])

    slices = 0
    while True:
        done = walk(db, after, work, write=write, seconds=0.0)
        slices += 1
        assert (done.care.looked_at, done.care.changed, len(done.care.findings)) == (
            done.runs,
            2 * done.runs,
            done.runs,
        )
        if done.next is None:
            break
        after = done.next
    assert met == sorted(ids)
    assert slices == 8
    assert walk(db, None, work, write=write).runs == 7
