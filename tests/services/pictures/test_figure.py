from __future__ import annotations

import json

import pytest

from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.pictures.reading import pictures
from tests.support.trained import train

LINEAR = {"experiment": "linear_recurrence", "length": 40, "hidden_size": 12, "form": "non_normal"}

TRAINING = {"problem": {"kind": "temporal_order", "length": 12}, "updates": 30, "batch_size": 4}


@pytest.fixture
def run_id(db: Database) -> str:
    return train(db, [parse_spec(LINEAR)])[0]


def test_a_figure_has_its_question_and_its_answer(db: Database, run_id: str) -> None:
    figure = pictures(db, run_id)[0]
    assert figure["title"].endswith("?")
    assert "nats a step" in figure["caption"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "time step"
    assert figure["layout"]["yaxis"]["type"] == "log"


def test_exact_curves_have_every_point(db: Database, run_id: str) -> None:
    figure = pictures(db, run_id)[0]
    assert not figure["zoomable"]
    assert {len(json.dumps(trace["y"])) for trace in figure["data"]} == {len(json.dumps(figure["data"][0]["y"]))}


def test_of_many_lines_the_first_and_the_last_are_named(db: Database, run_id: str) -> None:
    named = [trace["name"] for trace in pictures(db, run_id)[0]["data"] if trace["showlegend"]]
    assert named == ["1", "12", "norm of the state"]


def test_eigenvalues_have_a_round_circle(db: Database, run_id: str) -> None:
    (plane,) = pictures(db, run_id, ["eigenvalues"])
    assert plane["layout"]["yaxis"]["scaleanchor"] == "x"


def test_a_picture_whose_x_is_not_the_steps_asks_for_no_part_of_them(db: Database) -> None:
    (run_id,) = train(db, [parse_spec(TRAINING)])
    figures = {figure["name"]: figure["zoomable"] for figure in pictures(db, run_id, max_points=5)}
    assert not figures["delta_by_lag"], "x is the lag"
    assert figures["learning"]
    assert figures["delta_log_norm"]


def test_a_coarse_figure_can_be_zoomed(db: Database, run_id: str) -> None:
    assert pictures(db, run_id, ["state"], max_points=10)[0]["zoomable"]
