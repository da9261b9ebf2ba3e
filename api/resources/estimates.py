"""What a run or a sweep would store and take, and whether it would be accepted, before it is posted."""

from __future__ import annotations

from flask import Blueprint, Response

from api.bodies.answers import answer
from api.bodies.server import Estimate
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.problem import faults
from api.http.request_body import read_json
from ltd_core.errors import InvalidSpec
from ltd_core.spec import RunSpec, parse_spec
from services.runs import limits
from services.sweeps.request import SweepRequest, expand, parse_request

blueprint = Blueprint("estimates", __name__)


@Endpoint(blueprint, "POST /runs/estimate", body=RunSpec, answers={200: Estimate})
def run() -> Response:
    """Check a run without posting it, and estimate what it would store and take."""
    asked = read_json()
    try:
        cost = limits.check(here().settings, parse_spec(asked))
    except InvalidSpec as error:
        return _refused(error)
    return answer({"runs": 1, "cost": cost._asdict(), "errors": []})


@Endpoint(blueprint, "POST /sweeps/estimate", body=SweepRequest, answers={200: Estimate})
def sweep() -> Response:
    """Check a sweep without posting it, count its runs, and estimate what they would store and take."""
    asked = read_json()
    try:
        specs = [spec for _, spec in expand(parse_request(asked))]
        cost = limits.check_sweep(here().settings, specs)
    except InvalidSpec as error:
        return _refused(error)
    return answer({"runs": len(specs), "cost": cost._asdict(), "errors": []})


def _refused(error: InvalidSpec) -> Response:
    return answer({"runs": None, "cost": None, "errors": faults(error.problems)})
