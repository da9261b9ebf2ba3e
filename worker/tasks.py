"""The one Celery task: a hint that runs may be queued."""

from __future__ import annotations

from services.queue import TASK
from worker import process
from worker.app import app
from worker.supervisor import StopProcesses, start_reconciler

__all__ = ["look_again", "start_reconciler"]

app.steps["worker"].add(StopProcesses)


@app.task(name=TASK, ignore_result=True)
def look_again() -> None:
    """Train queued runs until there are none; the database knows which.

    On the wire the task is "ltd.drain": that is the name that every API process sends, those of earlier releases too.
    """
    process.started[0].work()
