from __future__ import annotations

import math

import numpy as np
import pytest

from services.database.engine import Database
from services.pictures.stored import Stored
from services.runs import lifecycle, queries
from services.traces import reading
from tests.services.lab import block, claim, progress, submit

POINTS = 5000
SPIKE = 4321


@pytest.fixture
def run_id(db: Database) -> str:
    (run_id,) = submit(db, 1, updates=POINTS)
    (mine,) = claim(db)
    loss = block(1, POINTS)
    loss.values[:] = 1.0
    loss.values[SPIKE - 1] = 99.0
    loss.values[0], loss.values[-1] = 0.5, 2.0
    lifecycle.record(db, [(mine.lease, progress(POINTS, (loss,), final_loss=2.5))])
    return run_id


def stored(db: Database, run_id: str, **part: int) -> Stored:
    with db.read() as conn:
        declared = {info.name: info for info, _ in reading.traces_of(conn, run_id)}
    return Stored(db, run_id, declared, queries.get(db, run_id).summary, **part)


@pytest.mark.parametrize("part", [{}, {"max_points": 7}, {"start": 10, "end": 20}])
def test_numbers_are_those_of_points_whatever_part_is_drawn(db: Database, run_id: str, part: dict[str, int]) -> None:
    found = stored(db, run_id, **part)
    assert found.highest("loss") == (99.0, SPIKE)
    assert found.point("loss", SPIKE - 1) == 99.0
    assert (found.point("loss", 0), found.point("loss", -1)) == (0.5, 2.0)


def test_a_point_that_a_curve_is_cut_at_is_the_stored_one_however_coarse(db: Database, run_id: str) -> None:
    for part, last in (({}, POINTS), ({"max_points": 7}, POINTS), ({"start": 10, "end": 20, "max_points": 50}, 20)):
        found = stored(db, run_id, **part)
        assert found.cut("loss", (), {}) == (2.0 if last == POINTS else 1.0), part
        assert found.cut("loss", (), {"step": SPIKE - 1}) == 99.0
    assert np.isnan(stored(db, run_id, start=POINTS + 1).cut("loss", (), {}))


def test_a_part_between_two_steps_is_read_point_by_point(db: Database, run_id: str) -> None:
    part = stored(db, run_id, start=4300, end=4350, max_points=100)
    assert part.view("loss").level == 0
    assert part.along("loss", "step") == list(range(4300, 4351))


def test_a_cell_stands_in_its_middle(db: Database, run_id: str) -> None:
    coarse = stored(db, run_id, max_points=100)
    assert coarse.view("loss").cell_steps == 64
    assert coarse.along("loss", "step")[0] == 32.5


def test_a_figure_that_is_not_there_is_none_and_a_number_that_is_not_stored_is_nan(db: Database, run_id: str) -> None:
    found = stored(db, run_id)
    assert found.metric("final_loss") == 2.5
    assert found.metric("success") is None
    assert math.isnan(found.point("error_rate", -1))
    assert np.isfinite(found.values("loss")).all()
