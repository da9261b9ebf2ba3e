"""The workers that were heard from."""

from __future__ import annotations

from flask import Blueprint, Response

from api.bodies.answers import answer, moment
from api.bodies.server import Limits, Workers
from api.http.context import here
from api.http.endpoint import Endpoint
from services.runs import queries
from services.runs.limits import limits_of
from services.workers import list_workers

blueprint = Blueprint("workers", __name__)


@Endpoint(blueprint, "GET /limits", answers={200: Limits})
def limits() -> Response:
    """Say what a run and a sweep may store and take."""
    return answer({scope: cost._asdict() for scope, cost in limits_of(here().settings).items()})


@Endpoint(blueprint, "GET /workers", answers={200: Workers})
def workers() -> Response:
    """List worker processes, and count the runs by state."""
    rows = list_workers(here().db)
    times = [{name: moment(row[name]) for name in ("started_at", "heartbeat_at")} for row in rows]
    listed = [row | at for row, at in zip(rows, times, strict=True)]
    return answer({"workers": listed, "states": queries.count_by_state(here().db)})
