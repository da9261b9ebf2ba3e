"""Rows that are inserted in one statement: every value as it was, and only where the key is free."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import exc, select

from services.database.engine import Database
from services.database.models import RunEvent, Sweep, table
from services.database.rows import insert_missing, insert_new, insert_rows
from tests.services.lab import submit

SWEEPS, EVENTS = table(Sweep), table(RunEvent)
MANY = 5000
"""More than a statement has room for, were each value a parameter."""


def sweep(key: str, **changes: Any) -> dict[str, Any]:
    row = {"id": key, "name": "s", "base": "{}", "axes": "{}", "seeds": "[]", "created_at": 1.0, "runs": 1}
    row |= {"first_run_at": 0.5, "last_run_at": 1.0, "cancelled_at": None}
    return row | changes


def stored(db: Database) -> dict[str, Any]:
    with db.read() as conn:
        return {row.id: dict(row._mapping) for row in conn.execute(select(SWEEPS))}


@pytest.mark.parametrize("count", [1, 2, MANY])
def test_rows_are_stored_as_they_are(db: Database, count: int) -> None:
    awkward = {"name": "‖δ‖ 'x' \"y\" \\ \n {{:p}} %s %(name)s 😀", "created_at": 1764087299.1234567, "runs": 2**31 - 1}
    rows = [sweep(f"{i}", **awkward) for i in range(count)]
    with db.write() as conn:
        insert_rows(conn, SWEEPS, rows)
    assert stored(db) == {row["id"]: row for row in rows}


def test_a_key_that_is_taken_keeps_its_row(db: Database) -> None:
    with db.write() as conn:
        assert insert_missing(conn, SWEEPS, []) == set()
        assert insert_missing(conn, SWEEPS, [sweep("a"), sweep("b")]) == {"a", "b"}
    rows = [sweep(f"{i}", name="new") for i in range(MANY)] + [sweep("a", name="new"), sweep("b", name="new")]
    with db.write() as conn:
        assert insert_missing(conn, SWEEPS, rows) == {str(i) for i in range(MANY)}
        assert insert_missing(conn, SWEEPS, [sweep("a", name="new")]) == set()
    found = stored(db)
    assert (found["a"]["name"], found["b"]["name"], found["4999"]["name"]) == ("s", "s", "new")


def test_without_a_place_for_it_a_row_is_refused(db: Database) -> None:
    (run_id,) = submit(db, 1)
    row = {"run_id": run_id, "seq": 2, "at": 1.0, "kind": "claimed", "data": "{}"}
    for rows in ([row, row], [row | {"run_id": "nobody"}]):
        with pytest.raises(exc.IntegrityError), db.write() as conn:
            insert_rows(conn, EVENTS, rows)
    with db.write() as conn:
        insert_rows(conn, EVENTS, [])
        assert conn.execute(select(EVENTS.c.seq).where(EVENTS.c.run_id == run_id)).scalars().all() == [1]


def test_rows_of_a_slice_that_was_stored_before_are_left_alone(db: Database) -> None:
    (run_id,) = submit(db, 1)
    rows = [{"run_id": run_id, "seq": seq, "at": 2.0, "kind": "again", "data": "{}"} for seq in (1, 2)]
    with db.write() as conn:
        insert_new(conn, EVENTS, [])
        insert_new(conn, EVENTS, rows)
        found = conn.execute(select(EVENTS.c.seq, EVENTS.c.kind).order_by(EVENTS.c.seq)).all()
    assert found == [(1, "queued"), (2, "again")]
