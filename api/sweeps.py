"""Sweeps: post, list, look at, cancel."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answers import answer, sweep_body
from api.body import read_json, remember
from api.context import here
from api.parameters import given
from services import queue, sweeps

blueprint = Blueprint("sweeps", __name__)


@blueprint.post("/sweeps")
def post() -> Response:
    """Post a sweep; only the runs that are missing are queued."""
    lab = here()
    asked = sweeps.parse_request(read_json())
    remember()
    posted = sweeps.post(lab.db, asked)
    if posted.new or posted.restarted:
        queue.hint_soon(lab.settings, posted.new + posted.restarted)
    counts = {"new": posted.new, "restarted": posted.restarted, "stood": posted.stood}
    body = sweep_body(sweeps.get(lab.db, posted.sweep_id)) | counts
    return answer(body, 201 if posted.created else 200, {"Location": f"/api/v1/sweeps/{posted.sweep_id}"})


@blueprint.get("/sweeps")
def many() -> Response:
    """List sweeps, newest first."""
    page, following = sweeps.list_sweeps(here().db, given("cursor"), given("limit"))
    return answer({"sweeps": [sweep_body(sweep) for sweep in page], "next": following})


@blueprint.get("/sweeps/<sweep_id>")
def one(sweep_id: str) -> Response:
    """Look at a sweep."""
    return answer(sweep_body(sweeps.get(here().db, sweep_id)))


@blueprint.post("/sweeps/<sweep_id>/cancel")
def cancel(sweep_id: str) -> Response:
    """Cancel every run of a sweep that has not ended."""
    sweeps.cancel(here().db, sweep_id)
    return answer(sweep_body(sweeps.get(here().db, sweep_id)), 202)
