"""A run's events as they happen (server-sent events)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, request

from api import problem
from api.context import here
from services import run_queries
from services.runs import FINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.db import Database
    from services.run_queries import RunView

blueprint = Blueprint("events", __name__)

MOST_STREAMS = 40
"""A stream holds a thread of the server's 64."""
POLL_SECONDS = 0.5
SILENT_SECONDS = 15.0
_places = threading.BoundedSemaphore(MOST_STREAMS)


@blueprint.get("/runs/<run_id>/events")
def events(run_id: str) -> Response:
    """Stream a run's states and progress until it ends."""
    db = here().db
    run = run_queries.get(db, run_id)
    if not _places.acquire(blocking=False):
        return problem.respond(503, "Too many streams", f"at most {MOST_STREAMS} streams at once: ask again, or poll the run")
    stream = _Stream(db, run, _seen())
    response = Response(stream.lines(), content_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.call_on_close(_places.release)
    return response


def _seen() -> str:
    return request.headers.get("Last-Event-ID", "")


class _Stream:
    """What a client has not seen yet; an event's id is `state:step`, so that a client that comes back repeats nothing."""

    def __init__(self, db: Database, run: RunView, seen: str) -> None:
        self._db, self._run, self._seen = db, run, seen

    def lines(self) -> Iterator[str]:
        said = time.monotonic()
        state, _, step = self._seen.partition(":")
        while True:
            run = self._run
            if run.state != state:
                yield _event("state", run, {"state": run.state, "step": run.step, "outcome": run.outcome})
            if str(run.step) != step and run.step:
                yield _event("progress", run, {"step": run.step, "updates": run.updates, "summary": run.summary})
            if (run.state, str(run.step)) != (state, step):
                said, state, step = time.monotonic(), run.state, str(run.step)
            if run.state in FINAL:
                return
            if time.monotonic() - said > SILENT_SECONDS:
                said = time.monotonic()
                yield ": still here\n\n"
            time.sleep(POLL_SECONDS)
            self._run = run_queries.get(self._db, run.id)


def _event(kind: str, run: RunView, data: dict[str, object]) -> str:
    return f"event: {kind}\nid: {run.state}:{run.step}\ndata: {orjson.dumps(data).decode()}\n\n"
