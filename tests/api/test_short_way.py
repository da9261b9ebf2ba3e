"""The short way of a new run gives what the long way gives, and takes nothing that the long way would look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import redis
from sqlalchemy import text

from api import create_app
from api.schemas import SubmittedRun
from ltd_core.spec import parse_spec
from services import queue, run_queries, runs, submission
from services.errors import StoreUnavailable
from services.settings import Settings
from tests.api.lab import JSON, claim, spec
from tests.support.parts import wait_for

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from services.db import Database
    from tests.support.parts import Broker

URL = "/api/v1/runs"
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def long_ways(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each run that takes the long way."""
    taken: list[int] = []
    submit = submission.submit

    def counted(*arguments: Any) -> Any:
        taken.append(1)
        return submit(*arguments)

    monkeypatch.setattr(submission, "submit", counted)
    return taken


def post(client: FlaskClient, seed: object, **more: Any) -> TestResponse:
    return client.post(URL, json=spec(seed=seed), **more)


def test_it_is_taken_once_the_kinds_are_known_and_answers_alike(
    client: FlaskClient, db: Database, long_ways: list[int]
) -> None:
    long, short = post(client, 1), post(client, 2)
    assert long_ways == [1]
    assert (long.status_code, short.status_code) == (201, 201)
    assert dict(long.headers) | {"Location": 0, "Content-Length": 0} == dict(short.headers) | {
        "Location": 0,
        "Content-Length": 0,
    }
    SubmittedRun.model_validate(short.json)
    apart = ("id", "spec", "created_at")
    assert {k: v for k, v in long.json.items() if k not in apart} == {
        k: v for k, v in short.json.items() if k not in apart
    }
    wanted = parse_spec(spec(seed=2))
    assert (short.json["id"], short.json["spec"]) == (wanted.digest, wanted.full())
    assert short.headers["Location"] == f"{URL}/{wanted.digest}"
    assert client.get(short.headers["Location"]).json | {"new": True, "restarted": False} == short.json
    assert [event.kind for event in run_queries.events(db, wanted.digest)] == ["queued"]
    assert [taken.spec for taken in runs.claim(db, "w", 9, lease_seconds=60)] == [parse_spec(spec(seed=1)), wanted]


@ONE
def test_either_way_workers_are_told(client: FlaskClient, broker: Broker, long_ways: list[int]) -> None:
    for seed in (1, 2):
        broker.flush()
        assert post(client, seed).status_code == 201
        with redis.Redis(unix_socket_path=str(broker.socket)) as waiting:
            assert wait_for(lambda: int(waiting.llen(queue.QUEUE)) >= 1)
    assert long_ways == [1]


def test_settings_may_differ_too(client: FlaskClient, long_ways: list[int]) -> None:
    post(client, 1)
    for changes in ({"batch_size": 7}, {"clipping": {"kind": "norm", "threshold": 0.5}}, {"seed": 3, "updates": 5}):
        answer = client.post(URL, json=spec(**changes))
        assert (answer.status_code, answer.json["id"]) == (201, parse_spec(spec(**changes)).digest)
    assert long_ways == [1]
    assert client.post(URL, json=spec(clipping={"kind": "value", "threshold": 0.5})).status_code == 201
    assert long_ways == [1, 1]


def test_the_rows_are_those_of_the_long_way(client: FlaskClient, db: Database) -> None:
    for seed in (1, 2):
        post(client, seed)
    with db.read() as conn:
        rows = [dict(row._mapping) for row in conn.execute(text("SELECT * FROM runs ORDER BY created_at"))]
    differ = {"id", "spec", "seed", "created_at", "updated_at"}
    first, second = ({name: value for name, value in row.items() if name not in differ} for row in rows)
    assert first == second
    assert [(row["seed"], json.loads(row["spec"])["seed"]) for row in rows] == [(1, 1), (2, 2)]
    assert all(row["created_at"] == row["updated_at"] for row in rows)


def test_a_run_that_is_there_takes_the_long_way(client: FlaskClient, db: Database, long_ways: list[int]) -> None:
    for seed in (1, 2, 2):
        last = post(client, seed)
    assert (last.status_code, last.json["new"], len(long_ways)) == (200, False, 2)
    (first, _) = claim(db, 2)
    runs.fail(db, first.lease, "tired")
    again = post(client, 1)
    assert (again.status_code, again.json["new"], again.json["restarted"]) == (200, False, True)


@ONE
@pytest.mark.parametrize(
    ("seed", "status"),
    [
        *((seed, 422) for seed in (-1, 1.5, 2**63, 10**30, True, "2", None)),
        *((seed, 201) for seed in (2.0, 2**63 - 1, 10**18 - 1, 10**18, 0)),
    ],
)
def test_any_seed_has_the_answer_of_the_long_way(client: FlaskClient, seed: object, status: int) -> None:
    post(client, 1)
    answer = post(client, seed)
    assert answer.status_code == status
    if status == 201:
        assert answer.json["id"] == parse_spec(spec(seed=seed)).digest
    else:
        assert answer.json["errors"][0]["field"] == "seed"


@ONE
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"headers": {"Host": "evil.example"}}, 421),
        ({"headers": {"Origin": "http://evil.example"}}, 403),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"query_string": {"key": "1"}}, 400),
        ({"headers": {"Idempotency-Key": "k"}}, 422),
        ({"headers": {"X-Forwarded-For": "10.0.0.1"}}, 201),
        ({"environ_overrides": {"REMOTE_ADDR": "10.0.0.1"}}, 201),
        ({"headers": {"X-Other": "1"}}, 201),
        ({"content_type": "application/json; charset=utf-8"}, 201),
    ],
    ids=range(10),
)
def test_whatever_is_unusual_takes_the_long_way(
    client: FlaskClient, long_ways: list[int], more: dict[str, Any], status: int
) -> None:
    post(client, 1, headers={"Idempotency-Key": "k"})
    data = json.dumps(spec(seed=2))
    assert client.post(URL, data=data, **({"content_type": JSON} | more)).status_code == status
    assert len(long_ways) == 1 + (status == 201)


@ONE
def test_a_server_with_a_token_asks_for_it(settings: Settings, long_ways: list[int]) -> None:
    app = create_app(Settings(**(settings.model_dump() | {"token": "sesame"})))
    client = app.test_client()
    assert post(client, 1, headers={"Authorization": "Bearer sesame"}).status_code == 201
    assert post(client, 2).status_code == 401
    assert post(client, 2, headers={"Authorization": "Bearer sesame"}).status_code == 201
    assert len(long_ways) == 2
    app.extensions["ltd"].db.dispose()


@ONE
def test_a_store_that_fails_is_told_of_by_the_long_way_and_not_asked_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, long_ways: list[int]
) -> None:
    def fails(*_: object) -> None:
        raise StoreUnavailable("away")

    post(client, 1)
    with monkeypatch.context() as broken:
        broken.setattr(submission, "submit_new", fails)
        answer = post(client, 2)
    assert (answer.status_code, "Retry-After" in answer.headers, long_ways) == (503, True, [1])
    assert post(client, 2).status_code == 201


@ONE
def test_it_is_logged_and_counted(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    for seed in (1, 2, 3):
        assert post(client, seed).json["new"]
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in told] == [("POST", URL, 201)] * 3
    figures = client.get("/metrics").text
    assert 'ltd_requests_total{endpoint="runs.submit",method="POST",status="201"} 3.0' in figures
    assert 'ltd_request_seconds_count{endpoint="runs.submit"} 3.0' in figures
