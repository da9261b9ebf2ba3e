"""Sweeps: post, list, look at, cancel, delete."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from api.bodies.answers import answer, listed_sweep_body, sweep_body
from api.bodies.runs import Deleted
from api.bodies.sweeps import CancelledSweep, PostedSweep, Sweep, Sweeps
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import given, only_preview, page
from api.http.request_body import IDEMPOTENCY_KEY, read_json, remember
from services import queue
from services.sweeps import cancellation, deletion, posted
from services.sweeps.request import SweepRequest, parse_request

blueprint = Blueprint("sweeps", __name__)


@Endpoint(
    blueprint,
    "POST /sweeps",
    body=SweepRequest,
    headers=(IDEMPOTENCY_KEY,),
    answers={201: PostedSweep, 200: PostedSweep},
)
def post() -> Response:
    """Post a sweep; only the runs that are missing are queued."""
    lab = here()
    asked = parse_request(read_json())
    remember()
    done = posted.post(lab.db, asked, lab.settings)
    if done.new or done.restarted:
        queue.hint_soon(lab.settings, done.new + done.restarted)
    counts = {"new": done.new, "restarted": done.restarted, "stood": done.stood}
    body = sweep_body(posted.get(lab.db, done.sweep_id)) | counts
    return answer(body, 201 if done.created else 200, {"Location": f"/api/v1/sweeps/{done.sweep_id}"})


@Endpoint(blueprint, "GET /sweeps", query=page(200), answers={200: Sweeps})
def many() -> Response:
    """List sweeps, newest first."""
    sweeps, following = posted.list_sweeps(here().db, given("cursor"), given("limit"))
    return answer({"sweeps": [listed_sweep_body(sweep) for sweep in sweeps], "next": following})


@Endpoint(blueprint, "GET /sweeps/<sweep_id>", answers={200: Sweep})
def one(sweep_id: str) -> Response:
    """Look at a sweep."""
    return answer(sweep_body(posted.get(here().db, sweep_id)))


@Endpoint(blueprint, "DELETE /sweeps/<sweep_id>", query=only_preview(), answers={200: Deleted})
def delete(sweep_id: str) -> Response:
    """Delete a sweep, and of its runs, which must have ended, those that no other sweep has and nobody posted alone."""
    do = deletion.plan if given("preview") == "true" else deletion.delete_sweep
    return answer(do(here().db, sweep_id)._asdict())


@Endpoint(blueprint, "POST /sweeps/<sweep_id>/cancel", answers={202: CancelledSweep})
def cancel(sweep_id: str) -> Response:
    """Cancel the runs of a sweep that have not ended, but those that another sweep has or that were posted alone."""
    done = cancellation.cancel(here().db, sweep_id)
    return answer(sweep_body(posted.get(here().db, sweep_id)) | asdict(done), 202)
