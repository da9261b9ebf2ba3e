"""The page grid, and stores from before there were pages."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

from ltd_core.trace import TraceInfo
from services.database.engine import Database
from services.migrate import migrate
from services.settings import Settings
from services.traces import reading
from services.traces.rows import FACTOR, page_cells
from services.traces.stored import StoredTrace
from tests.services.curves import agree, naive, store, wild
from tests.services.lab import submit

INFO = TraceInfo("loss", "loss", ("step",), 1, "")


@pytest.mark.parametrize("width", [1, 2, 20, 64, 100, 400, 5000, 10**6])
def test_a_page_is_a_power_of_two_of_bounded_size(width: int) -> None:
    cells = page_cells(width)
    assert 8 <= cells <= 512
    assert cells & (cells - 1) == 0
    assert cells == 8 or cells * width <= 2**15


def test_cells_from_pages_are_cells_from_points(db: Database) -> None:
    (run_id,), values = submit(db, 1), wild(40_000)
    store(db, run_id, "loss", values, [4096])
    with db.read() as conn:
        stored = StoredTrace(conn, run_id, "loss", 1, ())
        assert (stored.total, stored.page) == (40_000, 512)
        for level, first, last in ((1, 0, 1250), (1, 500, 530), (2, 0, 40), (2, 39, 40), (3, 0, 2)):
            cells = stored.cells(level, first, last, stored.figures)
            each = FACTOR**level
            assert cells.count.tolist() == [min(each, 40_000 - i * each) for i in range(first, last)]
            expected = {name: figure[first:last] for name, figure in naive(values, each).items()}
            shown = {name: cells.figures[name] for name in expected}
            agree(reading.TraceView(INFO, 0, 0, cells.count, cells.count, **shown), expected)


def test_a_store_from_before_keeps_its_points(database_url: str) -> None:
    db, values = Database(database_url), wild(300)
    (run_id,) = submit(db, 1)
    store(db, run_id, "loss", values, [100])
    migrate(Settings(database_url=database_url), "0001")
    with db.read() as conn:
        rows = conn.execute(text("SELECT level, count FROM trace_blocks ORDER BY first_step")).all()
        assert [tuple(row) for row in rows] == [(0, 100)] * 3
    migrate(Settings(database_url=database_url))
    np.testing.assert_array_equal(reading.read(db, run_id, "loss").values, values)
    agree(view := reading.read(db, run_id, "loss", max_points=50), naive(values, view.cell_steps))
    db.dispose()
