from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from api.bodies.traces import Trace, Traces
from services.database.engine import Database
from services.maintenance import retention
from services.runs import lifecycle
from tests.api.lab import LENGTH, PROBLEM, block, claim, progress, spec

POINTS = 200


@pytest.fixture
def run_id(client: FlaskClient, db: Database) -> str:
    """A run with two traces, one of them with a value that JSON has no word for."""
    made: str = client.post("/api/v1/runs", json=spec()).json["id"]
    losses = np.arange(1.0, POINTS + 1)
    losses[9] = np.nan
    deltas = np.outer(np.arange(1.0, POINTS + 1), np.ones(LENGTH))
    (mine,) = claim(db)
    lifecycle.record(db, [(mine.lease, progress(POINTS, blocks=(block("loss", losses), block("delta_norm", deltas))))])
    return made


def test_the_catalog_says_what_there_is(client: FlaskClient, run_id: str) -> None:
    found = Traces.model_validate(client.get(f"/api/v1/runs/{run_id}/traces").json)
    assert [entry.name for entry in found.traces] == ["loss", "delta_norm"]
    assert found.traces[1].axes == ["step", "lag"]


def test_points(client: FlaskClient, run_id: str) -> None:
    answer = client.get(f"/api/v1/runs/{run_id}/traces/loss?from=5&to=12")
    trace = Trace.model_validate(answer.json)
    assert trace.steps == list(range(5, 13))
    assert answer.json["values"] == [5.0, 6.0, 7.0, 8.0, 9.0, "NaN", 11.0, 12.0]


def test_cells_keep_the_extremes(client: FlaskClient, run_id: str) -> None:
    body = client.get(f"/api/v1/runs/{run_id}/traces/loss?max_points=20").json
    Trace.model_validate(body)
    assert (body["cell_steps"], len(body["steps"])) == (16, 13)
    assert (body["minimum"][0], body["maximum"][-1], body["nonfinite"][0]) == (1.0, 200.0, 1)
    assert sum(body["count"]) == POINTS


def test_only_the_figures_asked_for_are_sent(client: FlaskClient, run_id: str) -> None:
    address = f"/api/v1/runs/{run_id}/traces"
    body = client.get(f"{address}/loss?max_points=20&figures=quantiles,maximum").json
    assert body.keys() & {"values", "minimum", "maximum", "mean", "last", "nonfinite", "quantiles"} == {
        "maximum",
        "quantiles",
    }
    assert body["quantiles"][1] == [17.0, 19.0, 21.0, 23.0, 24.0, 26.0, 28.0, 30.0, 32.0]  # of 17 .. 32
    for name, figures in (("loss", "beauty"), ("delta_norm", "mean,quantiles"), ("loss", "")):
        answer = client.get(f"{address}/{name}?max_points=20&figures={figures}")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "figures")


def test_a_trace_with_two_axes(client: FlaskClient, run_id: str) -> None:
    body = client.get(f"/api/v1/runs/{run_id}/traces/delta_norm?from=1&to=3").json
    assert body["values"] == [[float(step)] * LENGTH for step in (1, 2, 3)]
    assert body["size"] == [LENGTH]


def test_an_answer_that_has_not_changed_is_not_sent_again(client: FlaskClient, db: Database, run_id: str) -> None:
    address = f"/api/v1/runs/{run_id}/traces/loss"
    tag = {"If-None-Match": client.get(address).headers["ETag"]}
    assert client.get(address, headers=tag).status_code == 304
    assert client.get(f"{address}?to=5", headers=tag).status_code == 200
    with db.read():
        (lease,) = [lifecycle.Lease(run_id, 1, "test")]
    more = progress(POINTS + 1, blocks=())
    assert lifecycle.record(db, [(lease, more)]) == {run_id: lifecycle.Recorded.OK}
    assert client.get(address, headers=tag).status_code == 200


def test_a_trace_whose_points_were_let_go_has_another_tag(client: FlaskClient, db: Database, run_id: str) -> None:
    address = f"/api/v1/runs/{run_id}/traces/loss"
    (lease,) = [lifecycle.Lease(run_id, 1, "test")]
    lifecycle.record(db, [(lease, progress(POINTS + 1, outcome="exhausted"))])
    tag = {"If-None-Match": client.get(address).headers["ETag"]}
    retention.keep(db, 0)
    assert retention.thin(db).runs == 1
    answer = client.get(address, headers=tag)
    assert (answer.status_code, answer.json["cell_steps"]) == (200, 32)


def test_an_unknown_trace_is_not_found(client: FlaskClient, run_id: str) -> None:
    answer = client.get(f"/api/v1/runs/{run_id}/traces/beauty")
    assert (answer.status_code, answer.content_type) == (404, PROBLEM)
    assert "beauty" in answer.json["detail"]


def test_numbers_that_json_lacks_are_words(client: FlaskClient, db: Database) -> None:
    made = client.post("/api/v1/runs", json=spec()).json["id"]
    (mine,) = claim(db)
    values = np.array([1.5, np.inf, -np.inf, np.nan])
    lifecycle.record(db, [(mine.lease, progress(4, blocks=(block("loss", values),)))])
    body = client.get(f"/api/v1/runs/{made}/traces/loss").json
    assert body["values"] == [1.5, "Infinity", "-Infinity", "NaN"]
    assert [float(value) for value in body["values"][:3]] == [1.5, np.inf, -np.inf]


@pytest.mark.parametrize(
    ("start", "end", "most"), [(1, 200, 200), (1, 200, 199), (17, 150, 9), (30, 31, 1), (1, 200, 1)]
)
def test_a_window_holds_every_point_in_it(client: FlaskClient, run_id: str, start: int, end: int, most: int) -> None:
    address = f"/api/v1/runs/{run_id}/traces/delta_norm?from={start}&to={end}&max_points={most}"
    body = Trace.model_validate(client.get(address).json).model_dump()
    each = body["cell_steps"]
    assert len(body["steps"]) <= most
    assert body["steps"][0] <= start < body["steps"][0] + each
    assert body["steps"][-1] <= end < body["steps"][-1] + each
    for i, first in enumerate(body["steps"]):
        points = [float(step) for step in range(first, min(first + each, POINTS + 1))]
        if body["level"] == 0:
            assert body["values"][i] == points * LENGTH
            continue
        assert body["count"][i] == len(points)
        assert (body["minimum"][i], body["maximum"][i]) == ([points[0]] * LENGTH, [points[-1]] * LENGTH)
        assert body["mean"][i] == pytest.approx([np.mean(points)] * LENGTH)
        assert body["last"][i] == [points[-1]] * LENGTH


def test_a_window_may_be_empty(client: FlaskClient, run_id: str) -> None:
    for window in ("from=10&to=9", f"from={POINTS + 1}", "from=900&to=1000"):
        body = client.get(f"/api/v1/runs/{run_id}/traces/loss?{window}").json
        assert (body["steps"], body["values"]) == ([], [])


def test_a_run_that_waits_has_no_points_yet(client: FlaskClient) -> None:
    made = client.post("/api/v1/runs", json=spec()).json["id"]
    assert client.get(f"/api/v1/runs/{made}/traces").json == {"traces": []}
    assert client.get(f"/api/v1/runs/{made}/traces/loss").json["steps"] == []
