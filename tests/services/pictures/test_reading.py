from __future__ import annotations

import numpy as np
import pytest

from services.database.engine import Database
from services.errors import NotFound
from services.pictures.reading import pictures
from services.runs import lifecycle
from tests.services.lab import block, claim, progress, submit


@pytest.fixture
def run_id(db: Database) -> str:
    (run_id,) = submit(db, 1)
    (mine,) = claim(db)
    deltas = block(1, 40, "delta_norm")
    object.__setattr__(deltas, "values", np.ones((40, 20), np.float32))
    lifecycle.record(db, [(mine.lease, progress(40, (block(1, 40), deltas)))])
    return run_id


def test_pictures_are_those_whose_traces_are_stored(db: Database, run_id: str) -> None:
    names = [figure["name"] for figure in pictures(db, run_id)]
    assert "learning" in names, "what is there is drawn before the first evaluation"
    assert "clipping" not in names


def test_a_trace_of_a_former_release_gets_a_plain_picture(db: Database, run_id: str) -> None:
    (figure,) = pictures(db, run_id, ["delta_norm"])
    assert figure["layout"]["yaxis"]["title"]["text"] == "lag"


def test_a_picture_that_is_not_there_is_named(db: Database, run_id: str) -> None:
    with pytest.raises(NotFound, match="spectrogram"):
        pictures(db, run_id, ["spectrogram"])
    with pytest.raises(NotFound):
        pictures(db, "0" * 32)


def test_a_part_of_the_steps(db: Database, run_id: str) -> None:
    (figure,) = pictures(db, run_id, ["learning"], start=10, end=20)
    low, high = figure["layout"]["xaxis"]["range"]
    assert 9 < low < high < 21
