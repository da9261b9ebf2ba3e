"""One picture of several cells of a sweep: medians over their runs, a color a cell."""

from __future__ import annotations

from flask import Blueprint, Response

from api.bodies.answers import answer
from api.bodies.pictures import Overlay
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import LONGEST_LIST, count, given, text
from services.comparison.table import compare
from services.pictures.cells import SIDES, groups
from services.pictures.overlay import overlay

blueprint = Blueprint("overlays", __name__)

_MOST_POINTS = 2000
_FIELD = text("A field of the specification whose values are told apart, as in the comparison.")


@Endpoint(
    blueprint,
    "GET /sweeps/<sweep_id>/pictures",
    query={
        "picture": text("A picture of the runs that is made of curves; by default the first."),
        "cells": text(
            "Cells of the comparison with the same rows, columns and panels, counted from 0: `row,column` or "
            "`panel,row,column`, with semicolons between; by default all.",
            LONGEST_LIST,
        ),
        **dict.fromkeys(SIDES, _FIELD),
        "max_points": count(_MOST_POINTS, 200, "Points or cells of a curve."),
    },
    answers={200: Overlay},
)
def overlay_of(sweep_id: str) -> Response:
    """Draw one picture of several cells: the median over the runs of each, and the band that most of them lie in."""
    db = here().db
    chosen = groups(compare(db, sweep_id, **{name: given(name) for name in SIDES}), given("cells"))
    figure, known = overlay(db, **chosen, name=given("picture") or "", max_points=given("max_points"))
    listed = [{"name": picture.name, "title": picture.title} for picture in known]
    return answer({"pictures": [figure] if figure else [], "known": listed})
