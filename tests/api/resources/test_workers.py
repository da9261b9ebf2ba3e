from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import update

from api.bodies.server import Workers
from services.database.engine import Database
from services.database.models import WorkerRow
from services.workers import FORGET_SECONDS, Worker, heartbeat


def test_no_worker_was_heard_from(client: FlaskClient) -> None:
    assert client.get("/api/v1/workers").json == {"workers": [], "states": {}}


def test_workers_are_listed_by_machine_and_process(client: FlaskClient, db: Database) -> None:
    for host, pid in (("b", 1), ("a", 20), ("a", 3)):
        heartbeat(db, Worker(f"{host}:{pid}", host, pid, "cuda:0", 64, 1000.0), ["x" * 32])
    found = Workers.model_validate(client.get("/api/v1/workers").json).workers
    assert [worker.id for worker in found] == ["a:3", "a:20", "b:1"]
    assert found[0].started_at == datetime.fromtimestamp(1000, UTC)
    assert abs(datetime.now(UTC) - found[0].heartbeat_at) < timedelta(seconds=60)
    assert 0 <= found[0].silent_seconds < 60


def test_a_worker_says_what_it_trains_now(client: FlaskClient, db: Database) -> None:
    mine = Worker("a:1", "a", 1, "cpu", 8, 1000.0)
    for running in (["x" * 32], ["x" * 32, "y" * 32], []):
        heartbeat(db, mine, running)
        (found,) = client.get("/api/v1/workers").json["workers"]
        assert found["running"] == running


def test_silence_is_told_and_after_minutes_forgotten(client: FlaskClient, db: Database) -> None:
    heartbeat(db, Worker("a:1", "a", 1, "cpu", 8, 1000.0), [])
    _age(db, FORGET_SECONDS / 2)
    (found,) = client.get("/api/v1/workers").json["workers"]
    assert FORGET_SECONDS / 2 <= found["silent_seconds"] < FORGET_SECONDS
    _age(db, FORGET_SECONDS)
    heartbeat(db, Worker("b:1", "b", 1, "cpu", 8, 1000.0), [])
    assert [worker["id"] for worker in client.get("/api/v1/workers").json["workers"]] == ["b:1"]


def _age(db: Database, seconds: float) -> None:
    with db.write() as conn:
        conn.execute(update(WorkerRow).values(heartbeat_at=WorkerRow.heartbeat_at - seconds))
