"""The one task: a hint that runs may be queued."""

from __future__ import annotations

from worker import process
from worker.app import app
from worker.supervisor import StopProcesses, watch_over_runs

__all__ = ["drain", "watch_over_runs"]

app.steps["worker"].add(StopProcesses)


@app.task(name="ltd.drain", ignore_result=True)
def drain() -> None:
    """Train queued runs until there are none; the database knows which."""
    process.drain()
