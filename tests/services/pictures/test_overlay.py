"""Overlays of runs that were trained, on a database."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from services.comparison.table import compare
from services.errors import BadQuestion
from services.pictures.cells import groups
from services.pictures.overlay import MOST_GROUPS, MOST_RUNS, Group, overlay
from services.traces import reading
from tests.api.dashboard.laboratory import Laboratory

SEEDS = 3


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    made = Laboratory(tmp_path_factory.mktemp("overlay"))
    made.sweep = made.post(axes={"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 1.0}]}, seeds=[0, 1, 2])
    made.train(2 * SEEDS)
    yield made
    made.db.dispose()


def chosen(laboratory: Laboratory, cells: str | None = None) -> dict[str, Any]:
    return groups(compare(laboratory.db, laboratory.sweep, columns="experiment"), cells)


def numbers(packed: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])


def test_a_line_is_the_median_of_what_is_stored_of_the_runs_of_its_cell(laboratory: Laboratory) -> None:
    figure, _ = overlay(laboratory.db, **chosen(laboratory), name="error")
    assert figure
    (line,) = [trace for trace in figure["data"] if trace.get("name") == "norm threshold 1" and trace["showlegend"]]
    runs = chosen(laboratory)["groups"][1].runs
    stored = [reading.read(laboratory.db, run, "evaluation_error").values for run in runs]
    np.testing.assert_allclose(numbers(line["y"]), np.median(stored, axis=0), rtol=1e-6)
    assert figure["layout"]["legend"]["title"]["text"] == "clipping"
    assert "Each line is the median over 3 runs." in figure["caption"]
    bands = [trace["name"] for trace in figure["data"] if "fill" in trace]
    assert bands == ["lowest to highest of 3 runs"] * 2


def test_a_run_that_is_shown_at_its_last_update_is_so_however_coarse(laboratory: Laboratory) -> None:
    coarse, fine = (
        overlay(laboratory.db, **chosen(laboratory), name="delta_by_lag", max_points=most)[0] for most in (2, 1000)
    )
    assert coarse
    assert coarse == fine
    assert "Each run is shown at its last update." in coarse["caption"]


def test_one_run_is_its_own_line(laboratory: Laboratory) -> None:
    (run, *_) = chosen(laboratory)["groups"][0].runs
    figure, _ = overlay(laboratory.db, [Group("seed 0", (run,))], "learning")
    assert figure
    assert figure["caption"].startswith("Each line is one run.")
    assert not [trace for trace in figure["data"] if "fill" in trace]


def test_what_is_no_curve_is_refused_and_what_may_be_asked_for_is_named(laboratory: Laboratory) -> None:
    with pytest.raises(BadQuestion, match=r"picture: must be one that is made of curves: learning, error"):
        overlay(laboratory.db, **chosen(laboratory), name="delta_log_norm")
    figure, known = overlay(laboratory.db, **chosen(laboratory))
    assert figure
    assert figure["name"] == known[0].name
    assert "delta_log_norm" not in {picture.name for picture in known}


def test_a_plain_picture_of_what_another_group_draws_with_others_is_none_to_choose(laboratory: Laboratory) -> None:
    _, known = overlay(laboratory.db, **chosen(laboratory))
    assert "clipped_gradient_norm" not in {picture.name for picture in known}


def test_a_level_that_all_share_is_drawn_and_one_of_a_single_group_is_not(laboratory: Laboratory) -> None:
    both, alone = (overlay(laboratory.db, **chosen(laboratory, cells), name="clipping")[0] for cells in (None, "1,0"))
    assert both
    assert alone
    assert both["layout"]["shapes"] == []
    assert alone["layout"]["shapes"][0]["label"]["text"] == "threshold 1"


def test_the_number_of_groups_and_of_runs_is_bounded(laboratory: Laboratory) -> None:
    with pytest.raises(BadQuestion, match=f"at most {MOST_GROUPS} cells"):
        overlay(laboratory.db, [Group(str(i), ()) for i in range(MOST_GROUPS + 1)])
    with pytest.raises(BadQuestion, match=f"at most {MOST_RUNS} runs"):
        overlay(laboratory.db, [Group("all", tuple(map(str, range(MOST_RUNS + 1))))])


def test_runs_that_have_not_begun_are_no_figure(laboratory: Laboratory) -> None:
    waiting = laboratory.post(name="waiting", seeds=[9])
    assert overlay(laboratory.db, **groups(compare(laboratory.db, waiting))) == (None, [])
