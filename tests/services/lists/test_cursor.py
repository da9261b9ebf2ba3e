"""A cursor is its position, to the last bit; anything else is refused."""

from __future__ import annotations

import pytest

from services.database.engine import Database
from services.errors import BadCursor
from services.lists.cursor import read_cursor, write_cursor
from services.lists.page import list_runs
from services.lists.question import ListQuestion


@pytest.mark.parametrize("at", [0.0, 1.5, -2.5e-7, 1e300, 1.7e9 + 0.123456])
def test_a_cursor_keeps_its_number_exactly(at: float) -> None:
    assert read_cursor(write_cursor((at, "a" * 32))) == (at, "a" * 32)


def test_no_cursor_of_this_service(db: Database) -> None:
    with pytest.raises(BadCursor):
        list_runs(db, ListQuestion(), write_cursor((float("nan"), "a" * 32)))
