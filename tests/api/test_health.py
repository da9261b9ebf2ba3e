from __future__ import annotations

from typing import TYPE_CHECKING

from services.workers import Worker, heartbeat
from tests.api.lab import claim, spec

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from services.db import Database


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready", "database": "ok", "broker": "ok"}


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
