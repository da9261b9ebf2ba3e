"""The workers that were heard from."""

from __future__ import annotations

from flask import Blueprint, Response

from api.bodies.answers import answer, moment
from api.bodies.server import Workers
from api.http.context import here
from api.http.endpoint import Endpoint
from services.workers import list_workers

blueprint = Blueprint("workers", __name__)


@Endpoint(blueprint, "GET /workers", answers={200: Workers})
def workers() -> Response:
    """List worker processes."""
    rows = list_workers(here().db)
    times = [{name: moment(row[name]) for name in ("started_at", "heartbeat_at")} for row in rows]
    return answer({"workers": [row | at for row, at in zip(rows, times, strict=True)]})
