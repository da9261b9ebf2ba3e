"""Pictures of a run: what its traces show, as figures that Plotly draws."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.bodies import arrow
from api.bodies.answers import answer_of
from api.bodies.pictures import Pictures
from api.http.context import here
from api.http.endpoint import JSON, Endpoint
from api.http.query import LONGEST_LIST, STEP, count, given, text
from services.pictures.reading import pictures
from services.pictures.table import csv_of
from services.runs import queries

blueprint = Blueprint("pictures", __name__)

_MOST_POINTS = 20_000
CSV = "text/csv"


@Endpoint(
    blueprint,
    "GET /runs/<run_id>/pictures",
    query={
        "names": text("Pictures, with commas between; all where none is named.", LONGEST_LIST),
        "from": STEP | {"description": "The first step; by default that of each trace."},
        "to": STEP | {"description": "The last step; by default that of each trace."},
        "max_points": count(_MOST_POINTS, 1000, "Points or cells of a curve."),
    },
    answers={200: Pictures},
    also=(CSV,),
)
def pictures_of(run_id: str) -> Response:
    """Draw a run: what its traces show, each picture with its question and its answer in numbers of the run."""
    db, media = here().db, arrow.chosen((JSON, CSV))
    run = queries.get(db, run_id)
    names = [name for name in (given("names") or "").split(",") if name]
    part = {"start": given("from"), "end": given("to"), "max_points": given("max_points")}

    def make() -> Any:
        figures = pictures(db, run_id, names, **part)
        return "\n".join(map(csv_of, figures)).encode() if media == CSV else {"pictures": figures}

    return answer_of([run.id, run.state, str(run.step)], make, media)
