"""The worker processes that were heard from; `python -m services.workers` says whether one of this host was."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from socket import gethostname
from typing import Any

import orjson
from sqlalchemy import delete, select

from services.database.engine import Database, now
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
    """Say that a process lives and which runs it trains; forgets those that were silent for minutes."""
    with db.write() as conn:
        at = now(conn)
        row = asdict(worker) | {"heartbeat_at": at, "running": orjson.dumps(running).decode()}
        upsert(conn, WORKERS, [row], replace=("heartbeat_at", "running", "lanes"))
        conn.execute(delete(WORKERS).where(WORKERS.c.heartbeat_at < at - FORGET_SECONDS))


def list_workers(db: Database) -> list[dict[str, Any]]:
    """Return the processes heard from lately, with the seconds since."""
    with db.read() as conn:
        at = now(conn)
        rows = conn.execute(select(WORKERS).order_by(WORKERS.c.host, WORKERS.c.pid)).mappings().all()
    return [
        {**row, "running": orjson.loads(row["running"]), "silent_seconds": max(0.0, at - row["heartbeat_at"])}
        for row in rows
    ]


def main() -> int:
    """Return 0 where a process of this host was heard from within a lease: the health check of a container."""
    settings = Settings()
    alive = any(
        worker["host"] == gethostname() and worker["silent_seconds"] < settings.lease_seconds
        for worker in list_workers(Database(settings.database_url))
    )
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
