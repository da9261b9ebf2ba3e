from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from api import create_app
from services.database.engine import Database
from services.settings import Settings
from services.workers import Worker, heartbeat
from tests.api.lab import claim, spec, sweep
from tests.support.parts import Broker


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready", "database": "ok", "broker": "ok"}


@pytest.mark.parametrize("url", ["sqlite:////nowhere/ltd.db", "postgresql://ltd@127.0.0.1:1/ltd"])
def test_without_its_database_it_is_alive_and_not_ready(tmp_path: Path, url: str) -> None:
    client = create_app(Settings(home=tmp_path, database_url=url)).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["database"]) == (503, "not ready", "does not answer")
    assert int(answer.headers["Retry-After"]) > 0
    figures = client.get("/metrics")
    assert (figures.status_code, "ltd_runs{" in figures.text, "ltd_requests" in figures.text) == (200, False, True)


@pytest.fixture
def unmigrated(tmp_path: Path, empty_url: str, broker: Broker) -> Iterator[FlaskClient]:
    app = create_app(Settings(home=tmp_path, database_url=empty_url, broker_url=broker.url))
    yield app.test_client()
    app.extensions["ltd"].db.dispose()


def test_with_an_empty_database_it_is_not_ready(unmigrated: FlaskClient) -> None:
    assert unmigrated.get("/healthz").status_code == 200
    answer = unmigrated.get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {"status": "not ready", "database": "is not migrated", "broker": "ok"},
    )
    assert int(answer.headers["Retry-After"]) > 0
    figures = unmigrated.get("/metrics")
    assert (figures.status_code, "ltd_runs{" in figures.text, "ltd_requests" in figures.text) == (200, False, True)


STORED = [
    *("/runs", "/runs/x", "/runs/x/events", "/runs/x/traces", "/runs/x/traces/loss", "/workers", "/store"),
    *("/sweeps", "/sweeps/x", "/sweeps/x/comparison?rows=batch_size&columns=seed"),
]


def test_with_an_empty_database_requests_may_be_sent_again(unmigrated: FlaskClient) -> None:
    answers = [unmigrated.get(f"/api/v1{path}") for path in STORED]
    answers += [
        unmigrated.post("/api/v1/runs", json=spec()),
        unmigrated.post("/api/v1/runs", json=spec(), headers={"Idempotency-Key": "a key"}),
        unmigrated.post("/api/v1/sweeps", json=sweep()),
        unmigrated.post("/api/v1/runs/x/cancel", json={}),
        unmigrated.post("/api/v1/sweeps/x/cancel", json={}),
    ]
    assert {answer.request.path: answer.status_code for answer in answers if answer.status_code != 503} == {}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)


@pytest.mark.parametrize("host", ["10.0.0.7:8421", "lab"])
def test_a_probe_may_use_any_name(client: FlaskClient, host: str) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"Host": host}).status_code == 200


def test_workers_and_figures(client: FlaskClient, db: Database) -> None:
    client.post("/api/v1/runs", json=spec())
    client.post("/api/v1/runs", json=spec(seed=1))
    claim(db)
    heartbeat(db, Worker("host:1", "host", 1, "cpu", 8, 1.0), ["a run"])
    (worker,) = client.get("/api/v1/workers").json["workers"]
    assert (worker["id"], worker["device"], worker["running"]) == ("host:1", "cpu", ["a run"])
    figures = client.get("/metrics").text
    assert 'ltd_runs{state="queued"} 1.0' in figures
    assert 'ltd_runs{state="running"} 1.0' in figures
    assert "ltd_workers 1.0" in figures


def test_a_worker_that_was_silent_for_a_lease_is_not_counted(
    client: FlaskClient, settings: Settings, db: Database
) -> None:
    for number in range(3):
        heartbeat(db, Worker(f"host:{number}", "host", number, "cpu", 8, 1.0), [])
    with db.write() as conn:
        conn.execute(
            text("UPDATE workers SET heartbeat_at = heartbeat_at - :lease WHERE pid = 1"),
            {"lease": settings.lease_seconds},
        )
    assert "ltd_workers 2.0" in client.get("/metrics").text
    assert len(client.get("/api/v1/workers").json["workers"]) == 3
