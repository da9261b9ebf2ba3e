from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api import create_app
from services.settings import Settings
from services.workers import Worker, heartbeat
from tests.api.lab import claim, spec

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from services.db import Database


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
