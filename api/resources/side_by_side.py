"""One picture of any runs, side by side: those that differ in their seed alone are one line."""

from __future__ import annotations

from flask import Blueprint, Response

from api.bodies import arrow
from api.bodies.answers import answer
from api.bodies.pictures import SideBySide
from api.http.context import here
from api.http.endpoint import JSON, Endpoint
from api.http.query import LONGEST_LIST, STEP, count, given, listed, text
from services.pictures.alike import groups_alike
from services.pictures.overlay import overlay
from services.pictures.table import csv_of

blueprint = Blueprint("side_by_side", __name__)

_MOST_POINTS = 2000
CSV = "text/csv"


@Endpoint(
    blueprint,
    "GET /pictures",
    query={
        "runs": text(
            "Ids of runs, with commas between: those that differ in their seed alone are one line.", LONGEST_LIST
        ),
        "picture": text("A picture of the runs that is made of curves; by default the first."),
        "from": STEP | {"description": "The first step; by default that of each trace."},
        "to": STEP | {"description": "The last step; by default that of each trace."},
        "max_points": count(_MOST_POINTS, 400, "Points or cells of a curve."),
    },
    required=("runs",),
    answers={200: SideBySide},
    also=(CSV,),
)
def side_by_side() -> Response:
    """Draw one picture of any runs: groups of seeds with their median and band, and the settings that differ."""
    db = here().db
    chosen = groups_alike(db, listed("runs"))
    apart = chosen.pop("apart")
    part = {"start": given("from"), "end": given("to"), "max_points": given("max_points")}
    figure, known = overlay(db, **chosen, name=given("picture") or "", **part)
    if arrow.chosen((JSON, CSV)) == CSV:
        return Response(csv_of(figure) if figure else "", content_type=CSV)
    return answer(
        {
            "pictures": [figure] if figure else [],
            "known": [{"name": picture.name, "title": picture.title} for picture in known],
            "groups": [{"label": group.label, "runs": group.runs} for group in chosen["groups"]],
            "apart": apart,
        }
    )
