"""Sweeps: post, list, look at, cancel."""

from __future__ import annotations

from flask import Blueprint, Response

from api.bodies.answers import answer, sweep_body
from api.http.context import here
from api.http.query import given
from api.http.request_body import read_json, remember
from services import queue
from services.sweeps import posted

blueprint = Blueprint("sweeps", __name__)


@blueprint.post("/sweeps")
def post() -> Response:
    """Post a sweep; only the runs that are missing are queued."""
    lab = here()
    asked = posted.parse_request(read_json())
    remember()
    done = posted.post(lab.db, asked)
    if done.new or done.restarted:
        queue.hint_soon(lab.settings, done.new + done.restarted)
    counts = {"new": done.new, "restarted": done.restarted, "stood": done.stood}
    body = sweep_body(posted.get(lab.db, done.sweep_id)) | counts
    return answer(body, 201 if done.created else 200, {"Location": f"/api/v1/sweeps/{done.sweep_id}"})


@blueprint.get("/sweeps")
def many() -> Response:
    """List sweeps, newest first."""
    page, following = posted.list_sweeps(here().db, given("cursor"), given("limit"))
    return answer({"sweeps": [sweep_body(sweep) for sweep in page], "next": following})


@blueprint.get("/sweeps/<sweep_id>")
def one(sweep_id: str) -> Response:
    """Look at a sweep."""
    return answer(sweep_body(posted.get(here().db, sweep_id)))


@blueprint.post("/sweeps/<sweep_id>/cancel")
def cancel(sweep_id: str) -> Response:
    """Cancel every run of a sweep that has not ended."""
    posted.cancel(here().db, sweep_id)
    return answer(sweep_body(posted.get(here().db, sweep_id)), 202)
