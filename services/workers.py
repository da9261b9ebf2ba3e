"""Heartbeats of worker processes; `python -m services.workers` is the health check of a worker's container."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from socket import gethostname
from typing import Any

import orjson
from sqlalchemy import delete, select

from services.database.engine import Database, clock
from services.database.models import WorkerRow, table
from services.database.rows import upsert
from services.settings import Settings

WORKERS = table(WorkerRow)
FORGET_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One process of a worker's pool."""

    id: str
    host: str
    pid: int
    device: str
    lanes: int
    started_at: float


def heartbeat(db: Database, worker: Worker, running: list[str]) -> None:
    """Store that a process is alive and which runs it trains; delete those without a heartbeat for minutes."""
    with db.write() as conn:
        now = clock(conn)
        row = asdict(worker) | {"heartbeat_at": now, "running": orjson.dumps(running).decode()}
        upsert(conn, WORKERS, [row], replace=("heartbeat_at", "running", "lanes"))
        conn.execute(delete(WORKERS).where(WORKERS.c.heartbeat_at < now - FORGET_SECONDS))


def list_workers(db: Database) -> list[dict[str, Any]]:
    """Return the processes with a recent heartbeat, and the seconds since."""
    with db.read() as conn:
        now = clock(conn)
        rows = conn.execute(select(WORKERS).order_by(WORKERS.c.host, WORKERS.c.pid)).mappings().all()
    return [
        {**row, "running": orjson.loads(row["running"]), "silent_seconds": max(0.0, now - row["heartbeat_at"])}
        for row in rows
    ]


def main() -> int:
    """Return 0 where a process of this host had a heartbeat within the time of a lease."""
    settings = Settings()
    alive = any(
        worker["host"] == gethostname() and worker["silent_seconds"] < settings.lease_seconds
        for worker in list_workers(Database(settings.database_url))
    )
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
