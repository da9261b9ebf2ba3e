"""Estimates: what would be accepted, and what it would cost."""

from __future__ import annotations

from flask.testing import FlaskClient

from api.bodies.server import Estimate
from tests.api.lab import PROBLEM, spec, sweep


def test_a_run_is_checked_and_its_cost_told_without_posting_it(client: FlaskClient) -> None:
    asked = client.post("/api/v1/runs/estimate", json=spec())
    assert asked.status_code == 200, asked.text
    Estimate.model_validate(asked.json)
    assert (asked.json["runs"], asked.json["errors"]) == (1, [])
    assert min(asked.json["cost"].values()) > 0
    assert client.get("/api/v1/runs").json["runs"] == []


def test_the_runs_of_a_sweep_are_counted_as_they_would_be_posted(client: FlaskClient) -> None:
    asked = client.post("/api/v1/sweeps/estimate", json=sweep()).json
    posted = client.post("/api/v1/sweeps", json=sweep()).json
    assert asked["runs"] == posted["runs"] == posted["new"]
    one = client.post("/api/v1/runs/estimate", json=sweep()["base"]).json
    assert asked["cost"]["bytes"] == one["cost"]["bytes"] * asked["runs"]


def test_what_would_be_refused_is_told_by_field(client: FlaskClient) -> None:
    for path, body, field in (
        ("runs", spec(batch_size=0), "batch_size"),
        ("runs", spec(updates=10**9), "updates"),
        ("runs", spec(problem={"kind": "adding", "length": 5000}, updates=10**7), "updates"),
        ("sweeps", sweep(base=spec(problem={"kind": "adding", "length": 5000}, updates=10**7)), "base.updates"),
        ("sweeps", sweep(axes={"batch_size": [0]}), "axes.batch_size[0]"),
    ):
        answer = client.post(f"/api/v1/{path}/estimate", json=body)
        assert answer.status_code == 200, answer.text
        assert (answer.json["runs"], answer.json["cost"]) == (None, None)
        assert answer.json["errors"][0]["field"] == field
        refused = client.post(f"/api/v1/{path}", json=body)
        assert (refused.status_code, refused.json["errors"]) == (422, answer.json["errors"])


def test_what_is_no_json_is_a_problem(client: FlaskClient) -> None:
    answer = client.post("/api/v1/runs/estimate", data="{", content_type="application/json")
    assert (answer.status_code, answer.content_type) == (400, PROBLEM)
