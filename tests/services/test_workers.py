from __future__ import annotations

from sqlalchemy import text

from services.database.engine import Database
from services.workers import Worker, heartbeat, list_workers


def test_workers_are_known_while_they_are_heard_from(db: Database) -> None:
    first, second = (Worker(f"host:{pid}", "host", pid, "cpu", 8, 1.0) for pid in (1, 2))
    heartbeat(db, first, ["a"])
    heartbeat(db, second, [])
    heartbeat(db, first, ["b", "c"])
    found = list_workers(db)
    assert [(w["id"], w["running"]) for w in found] == [("host:1", ["b", "c"]), ("host:2", [])]
    assert all(0 <= worker["silent_seconds"] < 60 for worker in found)
    with db.write() as conn:
        conn.execute(text("UPDATE workers SET heartbeat_at = heartbeat_at - 1000 WHERE pid = 2"))
    heartbeat(db, first, [])
    assert [worker["id"] for worker in list_workers(db)] == ["host:1"]
