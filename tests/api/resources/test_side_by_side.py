"""Any runs side by side over REST."""

from __future__ import annotations

from flask.testing import FlaskClient

from api.bodies.pictures import SideBySide
from services.database.engine import Database
from tests.api.lab import PROBLEM
from tests.api.resources.test_overlays import posted


def runs_of(client: FlaskClient, db: Database) -> list[str]:
    sweep = posted(client, db).split("/")[-1]
    return [run["id"] for run in client.get(f"/api/v1/runs?sweep={sweep}").json["runs"]]


def test_runs_are_drawn_a_line_for_each_setting_with_what_tells_them_apart(client: FlaskClient, db: Database) -> None:
    ids = runs_of(client, db)
    answer = client.get(f"/api/v1/pictures?runs={','.join(ids)}")
    assert answer.status_code == 200, answer.text
    SideBySide.model_validate(answer.json)
    (figure,) = answer.json["pictures"]
    labels = [group["label"] for group in answer.json["groups"]]
    assert sorted(run for group in answer.json["groups"] for run in group["runs"]) == sorted(ids)
    assert {trace.get("name") for trace in figure["data"]} >= set(labels)
    assert all(len(values) == len(labels) for values in answer.json["apart"].values())
    assert [known["name"] for known in answer.json["known"]] == ["learning"]


def test_a_part_has_the_steps_that_were_asked_for(client: FlaskClient, db: Database) -> None:
    ids = ",".join(runs_of(client, db))
    (figure,) = client.get(f"/api/v1/pictures?runs={ids}&picture=learning&from=3&to=6").json["pictures"]
    lines = client.get(f"/api/v1/pictures?runs={ids}&from=3&to=6", headers={"Accept": "text/csv"}).text.splitlines()
    label = client.get(f"/api/v1/pictures?runs={ids}").json["groups"][0]["label"]
    assert figure["name"] == "learning"
    # both sides of the band lie on the line's points
    steps = {line.rsplit(",", 3)[1] for line in lines[1:] if label in line}
    assert steps == {"3.0", "4.0", "5.0", "6.0"}


def test_what_cannot_be_compared_is_a_problem_that_names_its_parameter(client: FlaskClient, db: Database) -> None:
    ids = ",".join(runs_of(client, db))
    for asked, status, said in (
        ("", 400, "is required"),
        (f"runs={ids}&picture=no", 400, "must be one that is made of curves: learning"),
        (f"runs={'0' * 32}", 404, "0" * 32),
    ):
        answer = client.get(f"/api/v1/pictures?{asked}")
        assert (answer.status_code, answer.content_type) == (status, PROBLEM), asked
        assert said in answer.text
