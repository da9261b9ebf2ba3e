"""Care of the store over REST."""

from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from api.bodies.maintenance import CareSlice, Policies, Store
from api.http.problem import RETRY_SECONDS
from api.resources import maintenance
from services.database.engine import Database
from services.runs import lifecycle
from services.traces.rows import BLOCKS
from tests.api.lab import block, claim, progress, spec, sweep
from tests.services.curves import damage


@pytest.fixture
def run_id(client: FlaskClient, db: Database) -> str:
    made: str = client.post("/api/v1/runs", json=spec()).json["id"]
    (mine,) = claim(db)
    blocks = (block("loss", np.arange(50)), block("delta_norm", np.ones((50, 10))))
    lifecycle.record(db, [(mine.lease, progress(50, "exhausted", blocks=blocks))])
    return made


def test_what_takes_the_room(client: FlaskClient, run_id: str) -> None:
    found = Store.model_validate(client.get("/api/v1/store").json)
    assert {its.name: its.blocks for its in found.traces} == {"loss": 1, "delta_norm": 1}
    assert (found.rows["runs"], found.policies) == (1, [])
    assert len(run_id) == 32


def test_care_in_slices(client: FlaskClient, db: Database, run_id: str) -> None:
    for care in ("verify", "repair", "compact", "thin"):
        done = CareSlice.model_validate(client.post(f"/api/v1/store/{care}").json)
        assert (done.findings, done.next) == ([], None)
        assert done.runs == (0 if care == "thin" else 1)
    damage(db, BLOCKS, BLOCKS.c.trace == "loss")
    done = client.post("/api/v1/store/verify", query_string={"after": "0" * 32}).json
    assert done["findings"] == [f"trace loss of run {run_id}, step 1: the checksum does not match"]
    assert client.post("/api/v1/store/verify", query_string={"after": run_id}).json["runs"] == 0
    assert client.post("/api/v1/store/burn").status_code == 404
    assert client.post("/api/v1/store/verify", query_string={"after": "x"}).status_code == 400


def test_policies(client: FlaskClient) -> None:
    sweep_id = client.post("/api/v1/sweeps", json=sweep()).json["id"]
    for body in ({"days": 30}, {"days": None, "sweep": sweep_id}):
        answer = client.put("/api/v1/store/retention", json=body)
        assert answer.status_code == 200
    found = Policies.model_validate(answer.json).policies
    assert [(its.sweep, its.days) for its in found] == [(None, 30.0), (sweep_id, None)]
    assert client.get("/api/v1/store").json["policies"] == answer.json["policies"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "days"),
        ({"days": -1}, "days"),
        ({"days": "3"}, "days"),
        ({"days": True}, "days"),
        ({"days": 1, "x": 2}, "x"),
        ({"days": 1, "sweep": "me"}, "sweep"),
        ([], ""),
    ],
)
def test_a_policy_that_has_no_meaning(client: FlaskClient, body: object, field: str) -> None:
    answer = client.put("/api/v1/store/retention", json=body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_a_policy_for_a_sweep_that_is_not_there(client: FlaskClient) -> None:
    answer = client.put("/api/v1/store/retention", json={"days": 1, "sweep": "0" * 32})
    assert answer.status_code == 404


def test_a_second_look_at_the_store_at_once_is_refused_for_a_moment(client: FlaskClient) -> None:
    with maintenance.TURN:
        busy = client.post("/api/v1/store/verify", json={})
    assert (busy.status_code, busy.headers["Retry-After"]) == (429, RETRY_SECONDS)
    assert client.post("/api/v1/store/verify", json={}).status_code == 200
