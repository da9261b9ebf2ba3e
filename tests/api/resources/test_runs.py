from __future__ import annotations

import pytest
import redis
from flask.testing import FlaskClient

from api.bodies.runs import Run, Runs, SubmittedRun
from ltd_core.spec import parse_spec
from services import queue
from services.database.engine import Database
from services.runs import lifecycle, submission
from tests.api.lab import JSON, PROBLEM, claim, progress, spec
from tests.support.parts import Broker, wait_for


def test_a_run_is_made_once(client: FlaskClient) -> None:
    first = client.post("/api/v1/runs", json=spec())
    assert (first.status_code, first.content_type, first.json["new"]) == (201, JSON, True)
    assert first.json["id"] == parse_spec(spec()).digest
    assert first.headers["Location"] == f"/api/v1/runs/{first.json['id']}"
    again = client.post("/api/v1/runs", json=dict(reversed(spec().items())) | {"seed": 0, "batch_size": 5.0})
    assert (again.status_code, again.json["new"], again.json["id"]) == (200, False, first.json["id"])
    assert again.headers["Location"] == first.headers["Location"]
    SubmittedRun.model_validate(again.json)


def test_workers_are_told_of_a_new_run(client: FlaskClient, broker: Broker) -> None:
    broker.flush()
    assert client.post("/api/v1/runs", json=spec()).status_code == 201
    with redis.Redis(unix_socket_path=str(broker.socket)) as waiting:
        assert wait_for(lambda: int(waiting.llen(queue.QUEUE)) >= 1)


def test_the_location_leads_to_the_run(client: FlaskClient) -> None:
    made = client.post("/api/v1/runs", json=spec())
    found = client.get(made.headers["Location"])
    assert found.json | {"new": True, "restarted": False} == made.json
    run = Run.model_validate(found.json)
    assert (run.state, run.step, run.updates, run.outcome, run.finished_at) == ("queued", 0, 1000, None, None)
    assert run.created_at.utcoffset().total_seconds() == 0
    assert run.spec == parse_spec(spec()).full()


def test_a_run_that_was_cancelled_is_queued_again(client: FlaskClient) -> None:
    run = client.post("/api/v1/runs", json=spec()).json
    assert client.post(f"/api/v1/runs/{run['id']}/cancel").json["state"] == "cancelled"
    again = client.post("/api/v1/runs", json=spec())
    assert (again.status_code, again.json["new"], again.json["restarted"]) == (200, False, True)
    assert again.json["state"] == "queued"


def test_a_running_run_is_asked_to_end(client: FlaskClient, db: Database) -> None:
    run = client.post("/api/v1/runs", json=spec()).json
    claim(db)
    answer = client.post(f"/api/v1/runs/{run['id']}/cancel", json={})
    assert (answer.status_code, answer.json["state"], answer.json["cancel_requested"]) == (202, "running", True)


def test_pages_hold_every_run_once(client: FlaskClient, db: Database) -> None:
    submission.submit(db, [parse_spec(spec(seed=seed)) for seed in range(7)])
    seen, cursor = [], None
    while True:
        page = Runs.model_validate(client.get("/api/v1/runs", query_string={"limit": 3, "cursor": cursor}).json)
        seen += [run.spec["seed"] for run in page.runs]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]


def test_filters(client: FlaskClient, db: Database) -> None:
    submission.submit(db, [parse_spec(spec(seed=seed)) for seed in range(3)])
    (claimed,) = claim(db)
    lifecycle.record(db, [(claimed.lease, progress(40, "diverged", diverged=1))])

    def count(**filters: str) -> int:
        return len(client.get("/api/v1/runs", query_string=filters).json["runs"])

    assert count(state="queued") == 2
    assert count(state="succeeded") == count(outcome="diverged") == 1
    assert count(experiment="training") == 3
    assert count(experiment="other") == count(sweep="0" * 32) == count(state="failed") == 0
    (ended,) = client.get("/api/v1/runs?outcome=diverged").json["runs"]
    assert ended["outcome"] == {"kind": "diverged", "step": 40, "message": ""}
    assert ended["summary"] == {"diverged": 1}


def test_runs_are_read_together_in_the_order_of_their_ids(client: FlaskClient) -> None:
    ids = [client.post("/api/v1/runs", json=spec(seed=seed)).json["id"] for seed in range(3)]
    wanted = [ids[2], ids[0], ids[2]]
    page = client.get(f"/api/v1/runs?ids={','.join(wanted)}").json
    assert page == {"runs": [client.get(f"/api/v1/runs/{run_id}").json for run_id in (ids[2], ids[0])], "next": None}
    unknown = client.get(f"/api/v1/runs?ids={ids[0]},{'0' * 32}")
    assert (unknown.status_code, "0" * 32 in unknown.json["detail"]) == (404, True)
    for more, field in (("&limit=5", "limit"), (f"{','.join(f'{i:032x}' for i in range(201))}", "ids")):
        refused = client.get(f"/api/v1/runs?ids={ids[0]}{more}")
        assert refused.status_code == 400
        assert refused.json["errors"][0]["field"] == field


def test_filters_by_kind_metric_and_words(client: FlaskClient, db: Database) -> None:
    kinds = ({"clipping": {"kind": "none"}}, {"cell": {"kind": "lstm"}}, {"clipping": {"kind": "value"}})
    for kind, loss in zip(kinds, (0.5, 0.125, 0.25), strict=True):
        submission.submit(db, [parse_spec(spec(**kind))])
        lifecycle.record(db, [(taken.lease, progress(40, "solved", final_loss=loss)) for taken in claim(db)])

    def found(**filters: str) -> list[float]:
        page = Runs.model_validate(client.get("/api/v1/runs", query_string=filters).json)
        return [run.summary["final_loss"] for run in page.runs]

    assert sorted(found(cell="rnn")) == [0.25, 0.5]
    assert found(clipping="norm") == found(search="lstm solved") == [0.125]
    assert found(sort="final_loss") == found(metric="final_loss") == [0.125, 0.25, 0.5]
    assert found(sort="-final_loss", cell="rnn") == [0.5, 0.25]
    assert found(metric="final_loss", below="5e-1", above="0.125") == [0.25]
    assert found(problem="adding") == found(search="nothing like it") == []
    first = client.get("/api/v1/runs?sort=final_loss&limit=2").json
    assert [run["summary"]["final_loss"] for run in first["runs"]] == [0.125, 0.25]
    assert found(sort="final_loss", limit="2", cursor=first["next"]) == [0.5]


@pytest.mark.parametrize(
    "path",
    ["/runs/none", "/runs/none/traces", "/runs/none/traces/loss", "/runs/none/events", "/runs/a%00b", "/runs/%ff"],
)
def test_an_unknown_run_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/api/v1{path}")
    assert (answer.status_code, answer.content_type) == (404, PROBLEM)


def test_a_submission_stands_while_the_broker_is_away(client: FlaskClient, broker: Broker) -> None:
    broker.stop()
    try:
        assert client.post("/api/v1/runs", json=spec()).status_code == 201
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["database"]) == (503, "ok")
    finally:
        broker.start()
    assert client.get("/readyz").status_code == 200


def test_a_key_is_held_to_its_body(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "k1"}
    bad = client.post("/api/v1/runs", json=spec(batch_size=0), headers=key)
    assert bad.status_code == 422  # and the key is still free
    assert client.post("/api/v1/runs", json=spec(), headers=key).status_code == 201
    assert client.post("/api/v1/runs", json=spec(), headers=key).status_code == 200
    other = client.post("/api/v1/runs", json=spec(seed=1), headers=key)
    assert (other.status_code, other.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    for wrong in ("", "x" * 256):
        answer = client.post("/api/v1/runs", json=spec(), headers={"Idempotency-Key": wrong})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_a_run_is_deleted_once_it_has_ended_and_posted_again_with_the_same_key(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "one"}
    run = client.post("/api/v1/runs", json=spec(), headers=key).json
    path = f"/api/v1/runs/{run['id']}"
    refused = client.delete(path)
    assert (refused.status_code, refused.content_type) == (409, PROBLEM)
    assert "is queued: cancel it" in refused.json["detail"]
    client.post(f"{path}/cancel")
    told = client.delete(f"{path}?preview=true")
    assert (told.status_code, told.json) == (200, {"runs": 1, "kept": 0, "bytes": 0})
    assert client.get(path).status_code == 200
    assert client.delete(path).json == told.json
    for answer in (client.get(path), client.delete(path), client.get(f"{path}/traces"), client.get(f"{path}/events")):
        assert (answer.status_code, answer.content_type) == (404, PROBLEM)
    again = client.post("/api/v1/runs", json=spec(), headers=key)
    assert (again.status_code, again.json["new"], again.json["state"]) == (201, True, "queued")


def test_a_preview_is_yes_or_no(client: FlaskClient) -> None:
    wrong = client.delete(f"/api/v1/runs/{'0' * 32}?preview=1")
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (400, "preview")
