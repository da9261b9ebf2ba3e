"""What can be named in a specification, traced and compared."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response

from api.bodies.answers import answer
from api.http.endpoint import JSON, Endpoint
from ltd_core import catalog

blueprint = Blueprint("mechanisms", __name__)

described = cache(catalog.describe)


@Endpoint(blueprint, "GET /mechanisms", answers={200: JSON})
def mechanisms() -> Response:
    """Describe every mechanism: what it is, its formula, settings and source, and an example to post."""
    return answer(described())
