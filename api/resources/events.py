"""A run's events as they happen (server-sent events)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http import HTTPStatus

import orjson
import structlog
from flask import Blueprint, Response, request

from api.http import problem
from api.http.context import here
from api.http.endpoint import Endpoint
from ltd_core.errors import LtdError
from services.database.engine import Database
from services.runs import queries
from services.runs.queries import RunView
from services.words import FINAL

blueprint = Blueprint("events", __name__)
logger = structlog.get_logger()

MOST_STREAMS = 40
"""A stream holds a thread of the server's 64."""
POLL_SECONDS = 0.5
SILENT_SECONDS = 2.0
"""A client that left is noticed when something is written, and only that gives its thread back."""
MEDIA_TYPE = "text/event-stream"
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was seen: what follows it is told.",
    "schema": {"type": "string"},
}
_places = threading.BoundedSemaphore(MOST_STREAMS)


@Endpoint(blueprint, "GET /runs/<run_id>/events", headers=(_LAST_EVENT_ID,), answers={200: MEDIA_TYPE})
def events(run_id: str) -> Response:
    """Stream a run's states and progress until it ends."""
    db = here().db
    run = queries.get(db, run_id)
    state, _, step = request.headers.get("Last-Event-ID", "").partition(":")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if run.state in FINAL and (run.state, str(run.step)) == (state, step):
        return Response(status=HTTPStatus.NO_CONTENT, content_type=MEDIA_TYPE, headers=headers)  # browsers stop asking
    if request.method == "HEAD":  # nothing is sent that could be closed
        return Response(content_type=MEDIA_TYPE, headers=headers)
    if not _places.acquire(blocking=False):
        return problem.respond(503, "Too many streams", f"at most {MOST_STREAMS} at once: ask again, or poll the run")
    response = Response(_lines(db, run, state, step), content_type=MEDIA_TYPE, headers=headers)
    response.call_on_close(_places.release)
    return response


def _lines(db: Database, run: RunView, state: str, step: str) -> Iterator[str]:
    """Yield what a client has not seen; an event's id is what is seen with it, `state:step`, so nothing comes twice."""
    sent_at = time.monotonic()
    while True:
        if str(run.step) != step and run.step:
            step, sent_at = str(run.step), time.monotonic()
            yield _event("progress", state, step, {"step": run.step, "updates": run.updates, "summary": run.summary})
        if run.state != state:
            state, step, sent_at = run.state, str(run.step), time.monotonic()
            yield _event("state", state, step, {"state": state, "step": run.step, "outcome": run.outcome})
        if run.state in FINAL:
            return
        if time.monotonic() - sent_at > SILENT_SECONDS:
            sent_at = time.monotonic()
            yield ": still here\n\n"
        time.sleep(POLL_SECONDS)
        try:
            run = queries.get(db, run.id)
        except LtdError as error:  # the client comes back, and is told by a status
            logger.warning("a stream broke off", run=run.id, error=str(error))
            return


def _event(kind: str, state: str, step: str, data: dict[str, object]) -> str:
    return f"event: {kind}\nid: {state}:{step}\ndata: {orjson.dumps(data).decode()}\n\n"
