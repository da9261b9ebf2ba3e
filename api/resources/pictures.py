"""Pictures of a run: what its traces show, as figures that Plotly draws."""

from __future__ import annotations

import hashlib
from importlib.metadata import version

from flask import Blueprint, Response, request

from api.bodies.answers import answer_tagged
from api.bodies.pictures import Pictures
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import LONGEST_LIST, count, given, text
from services.pictures.reading import Part, pictures
from services.runs import queries

blueprint = Blueprint("pictures", __name__)

_VERSION = version("ltd-lab")
_STEP = {"type": "integer", "minimum": 1, "maximum": 2**53}
_MOST_POINTS = 20_000


@Endpoint(
    blueprint,
    "GET /runs/<run_id>/pictures",
    query={
        "names": text("Pictures, with commas between; all where none is named.", LONGEST_LIST),
        "from": _STEP,
        "to": _STEP,
        "max_points": count(_MOST_POINTS, 1000),
    },
    answers={200: Pictures},
)
def pictures_of(run_id: str) -> Response:
    """Draw a run: what its traces show, each picture with its question and its answer in numbers of the run."""
    db = here().db
    run = queries.get(db, run_id)
    tag = "\n".join((_VERSION, request.full_path, run.id, run.state, str(run.step)))
    names = [name for name in (given("names") or "").split(",") if name]
    part = Part(given("from"), given("to"), given("max_points"))
    return answer_tagged(
        hashlib.blake2b(tag.encode(), digest_size=16).hexdigest(),
        lambda: {"pictures": pictures(db, run_id, names, part)},
    )
