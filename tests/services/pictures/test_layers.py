from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.pictures.reading import pictures
from services.runs import lifecycle
from tests.services.lab import block, claim, progress, submit
from tests.support.trained import train

ESCAPE = {"experiment": "escape", "updates": 100, "chains": 20, "thresholds": [0.1, 1.0]}
CLIFF = {"experiment": "loss_cliff", "points": 20, "weights": [4.0, 6.0], "biases": [-3.0, -2.0], "descent_steps": 5}


def unpacked(values: dict[str, Any]) -> np.ndarray[Any, np.dtype[Any]]:
    return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"]))


def test_lines_are_named_by_the_values_of_their_axis(db: Database) -> None:
    (run_id,) = train(db, [parse_spec(ESCAPE)])
    (figure,) = pictures(db, run_id, ["escaped"])
    assert [line["name"] for line in figure["data"]] == ["no clipping", "norm", "random step"]
    assert unpacked(figure["data"][0]["x"]).tolist() == pytest.approx([0.1, 1.0])
    assert all("arrayminus" in line["error_y"] for line in figure["data"])


def test_a_surface_stands_over_its_true_coordinates_with_the_paths_on_it(db: Database) -> None:
    (run_id,) = train(db, [parse_spec(CLIFF)])
    surface, plain, clipped = pictures(db, run_id, ["cliff"])[0]["data"]
    assert unpacked(surface["x"])[[0, -1]].tolist() == [-3.0, -2.0]
    assert unpacked(surface["y"])[[0, -1]].tolist() == [4.0, 6.0]
    assert surface["z"]["shape"] == "20, 20"
    assert (unpacked(plain["x"])[0], unpacked(plain["y"])[0]) == (-2.5, 5.0)
    assert len(unpacked(clipped["x"])) == 6


@pytest.fixture
def long_run(db: Database) -> str:
    (run_id,) = submit(db, 1, updates=4000)
    (mine,) = claim(db)
    loss, wrong = block(1, 4000), block(1, 4000, "error_rate")
    loss.values[:] = 1.0
    loss.values[2500] = 77.0
    wrong.values[:] = np.arange(4000) % 2
    deltas = block(1, 4000, "delta_log_norm")
    values = np.full((4000, 20), -3.0, np.float32)
    values[:, 10:] = -np.inf
    object.__setattr__(deltas, "values", values)
    evaluations = [block(1, 16, name) for name in ("evaluation_loss", "evaluation_error")]
    for evaluation in evaluations:
        object.__setattr__(evaluation, "first_step", 250)
        object.__setattr__(evaluation, "every", 250)
    lifecycle.record(db, [(mine.lease, progress(4000, (loss, wrong, deltas, *evaluations)))])
    return run_id


def test_no_spike_is_lost_where_a_curve_is_coarse(db: Database, long_run: str) -> None:
    (figure,) = pictures(db, long_run, ["learning"], max_points=50)
    area = next(trace for trace in figure["data"] if trace.get("name", "").startswith("lowest to highest"))
    assert unpacked(area["y"]).max() == 77.0
    assert figure["zoomable"]


def test_a_yes_or_no_is_drawn_as_the_mean_of_many(db: Database, long_run: str) -> None:
    (figure,) = pictures(db, long_run, ["error"])
    share = next(trace for trace in figure["data"] if trace.get("name") == "of a minibatch")
    assert len(unpacked(share["y"])) == 50
    assert np.allclose(unpacked(share["y"]), 0.5, atol=0.05)


def test_exactly_zero_has_a_color_of_its_own(db: Database, long_run: str) -> None:
    colors, zero = pictures(db, long_run, ["delta_log_norm"])[0]["data"]
    assert np.isnan(unpacked(colors["z"])).mean() == 0.5
    assert np.nansum(unpacked(zero["z"])) == unpacked(zero["z"]).size / 2
    assert "exactly zero" in zero["hovertemplate"]
    assert "‖δ‖: 10^" in colors["hovertemplate"]
