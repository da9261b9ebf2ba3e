"""Runs: submit, list, look at, cancel, delete."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.bodies.answers import answer, run_body
from api.bodies.runs import Deleted, Run, Runs, SubmittedRun
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import ID, LONGEST_LIST, NUMBER, choice, given, listed, only_preview, page, text
from api.http.request_body import IDEMPOTENCY_KEY, read_json, remember
from ltd_core.metrics import METRICS
from ltd_core.outcome import OUTCOMES
from ltd_core.spec import RunSpec, parse_spec
from services import queue
from services.errors import BadQuestion
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.runs import deletion, lifecycle, limits, queries, replays, submission
from services.words import FAMILIES, STATES

blueprint = Blueprint("runs", __name__)

MOST_IDS = 200
_PAGING = page(500)
_WITHIN = NUMBER | {"description": "Of the metric; the end itself is not within."}
_ORDERS = [sign + name for sign in ("", "-") for name in METRICS]
_SEARCH = (
    "Words that all hold: a state or outcome, else a kind of mechanism or its beginning, else the beginning of a run's "
    "id, else part of a sweep's name."
)
_FILTERS = {
    "state": choice(STATES, "State of a run."),
    "outcome": choice(OUTCOMES, "Outcome of a run that has succeeded."),
    "experiment": text("Name of an experiment; see /api/v1/mechanisms."),
    **{family: text(f"Kind of {family}; see /api/v1/mechanisms.") for family in FAMILIES},
    "sweep": ID | {"description": "Id of a sweep: its runs."},
    "metric": choice(METRICS, description="Runs that have this metric, in its order; see below and above."),
    "below": _WITHIN,
    "above": _WITHIN,
    "sort": choice(_ORDERS, description="A metric, smallest first; after a minus, largest first."),
    "search": text(_SEARCH),
}
_IDS = {"ids": text("These runs, in this order, with commas between; stands alone.", LONGEST_LIST)}


@Endpoint(
    blueprint,
    "POST /runs",
    body=RunSpec,
    headers=(IDEMPOTENCY_KEY,),
    answers={201: SubmittedRun, 200: SubmittedRun},
)
def submit() -> Response:
    """Submit one run; the same specification again answers with the run that is there."""
    lab = here()
    spec = parse_spec(read_json())
    limits.check(lab.settings, spec)
    remember()
    done = submission.submit(lab.db, [spec])
    if not done.stood:
        queue.hint_soon(lab.settings, 1)
    run = queries.of_row(done.new[spec.digest]) if done.new else queries.get(lab.db, spec.digest)
    body = run_body(run) | {"new": bool(done.new), "restarted": bool(done.restarted)}
    return answer(body, 201 if done.new else 200, {"Location": f"/api/v1/runs/{spec.digest}"})


@Endpoint(blueprint, "GET /runs", query=_FILTERS | _IDS | _PAGING, answers={200: Runs})
def many() -> Response:
    """List runs: newest first, or in the order of a metric; or those of some ids."""
    if "ids" in request.args:
        return _of_ids()
    filters = {name: given(name) for name in request.args if name in _FILTERS}
    listing = list_runs(here().db, ListQuestion(**filters), given("cursor"), given("limit"))
    return answer({"runs": [run_body(run) for run in listing.runs], "next": listing.next})


def _of_ids() -> Response:
    if others := request.args.keys() - {"ids"}:
        raise BadQuestion(min(others), "must be left out where ids are given", request.args[min(others)])
    if len(ids := listed("ids")) > MOST_IDS:
        raise BadQuestion("ids", f"must be at most {MOST_IDS}", len(ids))
    return answer({"runs": [run_body(run) for run in queries.some(here().db, ids)], "next": None})


@Endpoint(blueprint, "GET /runs/<run_id>", answers={200: Run})
def one(run_id: str) -> Response:
    """Look at a run."""
    return answer(run_body(queries.get(here().db, run_id)))


@Endpoint(blueprint, "DELETE /runs/<run_id>", query=only_preview(), answers={200: Deleted})
def delete(run_id: str) -> Response:
    """Delete a run that has ended and is in no sweep, with its traces and its replay; it may be posted again then."""
    do = deletion.plan if given("preview") == "true" else deletion.delete_run
    return answer(do(here().db, run_id)._asdict())


@Endpoint(blueprint, "POST /runs/<run_id>/cancel", answers={202: Run})
def cancel(run_id: str) -> Response:
    """Cancel a run: at once while it is queued, at its next block while it trains."""
    lifecycle.request_cancel(here().db, run_id)
    return answer(run_body(queries.get(here().db, run_id)), 202)


@Endpoint(blueprint, "POST /runs/<run_id>/replay", answers={202: Run})
def replay(run_id: str) -> Response:
    """Train a succeeded run again beside its results, which are compared with it then, bit for bit: see `replay`."""
    lab = here()
    if replays.request(lab.db, run_id):
        queue.hint_soon(lab.settings, 1)
    return answer(run_body(queries.get(lab.db, run_id)), 202)
