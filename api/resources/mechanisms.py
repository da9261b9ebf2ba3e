"""What can be named in a specification, traced and compared."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response

from api.bodies.answers import answer
from ltd_core import catalog

blueprint = Blueprint("mechanisms", __name__)

described = cache(catalog.describe)


@blueprint.get("/mechanisms")
def mechanisms() -> Response:
    """Describe every mechanism: what it is, its formula, settings and source, and an example to post."""
    return answer(described())
