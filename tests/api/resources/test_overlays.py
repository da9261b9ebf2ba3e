"""Overlays over REST: the same figure as the service draws."""

from __future__ import annotations

import numpy as np
from flask.testing import FlaskClient

from api.bodies.pictures import Overlay
from services.comparison.table import compare
from services.database.engine import Database
from services.pictures.cells import groups
from services.pictures.overlay import overlay
from services.runs import lifecycle
from tests.api.lab import PROBLEM, block, claim, progress, sweep


def posted(client: FlaskClient, db: Database) -> str:
    """Post a sweep whose runs have each a loss of ten steps; return its address."""
    address = client.post("/api/v1/sweeps", json=sweep()).headers["Location"]
    while claims := claim(db, 100):
        for number, one in enumerate(claims):
            loss = block("loss", np.full(10, 1.0 + number))
            lifecycle.record(db, [(one.lease, progress(10, "exhausted", (loss,)))])
    return str(address)


def test_the_answer_is_the_figure_of_the_service(client: FlaskClient, db: Database) -> None:
    address = posted(client, db)
    answer = client.get(f"{address}/pictures?picture=learning&cells=0,0;1,1&max_points=5")
    assert answer.status_code == 200, answer.text
    Overlay.model_validate(answer.json)
    figure, _ = overlay(db, **groups(compare(db, address.split("/")[-1]), "0,0;1,1"), name="learning", max_points=5)
    assert answer.json["pictures"] == [figure]
    assert figure is not None
    assert figure["layout"]["legend"]["title"]["text"] == "batch size, clipping threshold"
    assert [known["name"] for known in answer.json["known"]] == ["learning"]


def test_what_cannot_be_drawn_is_a_problem_that_names_its_parameter(client: FlaskClient, db: Database) -> None:
    address = posted(client, db)
    for asked, said in (
        ("picture=delta_log_norm", "must be one that is made of curves: learning"),
        ("cells=7,7", "must be places such as 0,0 in a table of 2 x 2"),
        ("max_points=2001", "2000"),
        ("rows=batch_size&columns=nothing", "must be a field of the specification"),
    ):
        answer = client.get(f"{address}/pictures?{asked}")
        assert answer.status_code == 400, asked
        assert answer.content_type == PROBLEM
        assert said in answer.text
    assert client.get(f"/api/v1/sweeps/{'0' * 32}/pictures").status_code == 404


def test_a_sweep_that_has_not_begun_has_no_picture(client: FlaskClient) -> None:
    address = client.post("/api/v1/sweeps", json=sweep()).headers["Location"]
    assert client.get(f"{address}/pictures").json == {"pictures": [], "known": []}
