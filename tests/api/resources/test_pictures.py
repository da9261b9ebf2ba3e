from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient

from api.bodies.pictures import Pictures
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.pictures.reading import pictures
from tests.support.trained import train

SPEC = {"experiment": "linear_recurrence", "length": 40, "hidden_size": 6, "form": "non_normal", "shear": 2.0}


@pytest.fixture
def path(db: Database) -> str:
    (run_id,) = train(db, [parse_spec(SPEC)])
    return f"/api/v1/runs/{run_id}/pictures"


def test_the_answer_comes_first(client: FlaskClient, path: str) -> None:
    found = Pictures.model_validate(client.get(path).json)
    assert [picture.name for picture in found.pictures] == ["state", "gradient", "eigenvalues"]
    assert "nats a step" in found.pictures[0].caption


def test_rest_gives_what_the_renderer_makes(client: FlaskClient, db: Database, path: str) -> None:
    run_id = path.split("/")[4]
    assert client.get(path).json["pictures"] == pictures(db, run_id)
    part = client.get(f"{path}?names=gradient&from=5&to=30&max_points=100").json["pictures"]
    assert part == pictures(db, run_id, ["gradient"], start=5, end=30, max_points=100)


def test_a_picture_as_csv(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?names=state", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.content_type.startswith("text/csv")
    assert len([row for row in rows if row["name"] == "norm of the state"]) == 40


def test_the_same_again_is_not_sent_again(client: FlaskClient, path: str) -> None:
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_a_picture_that_is_not_there_is_a_404_that_names_it(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?names=spectrogram")
    assert answer.status_code == 404
    assert "spectrogram" in answer.json["detail"]


@pytest.mark.parametrize("query", ["max_points=0", "from=x", "colour=red"])
def test_a_question_without_meaning_is_a_400(client: FlaskClient, path: str, query: str) -> None:
    assert client.get(f"{path}?{query}").status_code == 400
