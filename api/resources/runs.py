"""Runs: submit, list, look at, cancel."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.bodies.answers import answer, run_body
from api.http.context import here
from api.http.query import given, listed
from api.http.request_body import read_json, remember
from ltd_core.spec import parse_spec
from services import queue
from services.errors import BadQuestion
from services.runs import lifecycle, queries, submission

blueprint = Blueprint("runs", __name__)

MOST_IDS = 200
_PAGING = {"cursor", "limit"}


@blueprint.post("/runs")
def submit() -> Response:
    """Submit one run; the same specification again answers with the run that is there."""
    lab = here()
    spec = parse_spec(read_json())
    remember()
    done = submission.submit(lab.db, [spec])
    if not done.stood:
        queue.hint_soon(lab.settings, 1)
    became = {"new": bool(done.new), "restarted": bool(done.restarted)}
    body = run_body(queries.get(lab.db, spec.digest)) | became
    return answer(body, 201 if done.new else 200, {"Location": f"/api/v1/runs/{spec.digest}"})


@blueprint.get("/runs")
def many() -> Response:
    """List runs: newest first, or in the order of a metric; or those of some ids."""
    if "ids" in request.args:
        return _of_ids()
    filters = {name: given(name) for name in request.args if name not in _PAGING}
    page = queries.list_runs(here().db, filters, given("cursor"), given("limit"))
    return answer({"runs": [run_body(run) for run in page.runs], "next": page.next})


def _of_ids() -> Response:
    if others := request.args.keys() - {"ids"}:
        raise BadQuestion(min(others), "must be left out where ids are given", request.args[min(others)])
    if len(ids := listed("ids")) > MOST_IDS:
        raise BadQuestion("ids", f"must be at most {MOST_IDS}", len(ids))
    return answer({"runs": [run_body(run) for run in queries.some(here().db, ids)], "next": None})


@blueprint.get("/runs/<run_id>")
def one(run_id: str) -> Response:
    """Look at a run."""
    return answer(run_body(queries.get(here().db, run_id)))


@blueprint.post("/runs/<run_id>/cancel")
def cancel(run_id: str) -> Response:
    """Cancel a run: at once while it is queued, at its next block while it trains."""
    lifecycle.request_cancel(here().db, run_id)
    return answer(run_body(queries.get(here().db, run_id)), 202)
