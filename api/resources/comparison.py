"""The comparison of a sweep."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from api.bodies.answers import answer
from api.http.context import here
from api.http.query import given
from services.comparison import table
from services.comparison.pairs import compare_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

blueprint = Blueprint("comparison", __name__)

_ASKED = ("rows", "columns", "panels", "metric", "aggregate", "quantile")
_FIGURES = ("value", "low", "high", "n")


@blueprint.get("/sweeps/<sweep_id>/comparison")
def compare(sweep_id: str) -> Response:
    """Compare a sweep's runs: two fields, one metric, aggregated over the rest; as CSV where that is accepted."""
    compared = table.compare(here().db, sweep_id, **{name: given(name) for name in _ASKED})
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) != "text/csv":
        response = answer(compared)
    else:
        text = io.StringIO()
        csv.writer(text).writerows(_lines(compared))
        response = Response(text.getvalue(), content_type="text/csv; charset=utf-8")
    response.vary.add("Accept")
    return response


@blueprint.get("/sweeps/<sweep_id>/pairs")
def pairs(sweep_id: str) -> Response:
    """Compare the values of one axis two by two on the same seeds: differences, interval, permutation test."""
    return answer(compare_pairs(here().db, sweep_id, **{name: given(name) for name in ("field", "metric")}))


def _lines(compared: dict[str, Any]) -> Iterator[list[Any]]:
    """Return a line a cell, with a heading."""
    panels, rows, columns = compared["panels"], compared["rows"], compared["columns"]
    fields = [side["field"] for side in (panels, rows, columns) if side]
    yield [*fields, "metric", "aggregate", *_FIGURES, "missing"]
    for panel, cells in zip(panels["values"], panels["cells"], strict=True) if panels else [(None, compared["cells"])]:
        for row, line in zip(rows["values"], cells, strict=True):
            for column, cell in zip(columns["values"], line, strict=True):
                at = [value["label"] for value in (panel, row, column) if value]
                missing = " ".join(f"{reason}:{count}" for reason, count in cell["missing"].items())
                figures = [cell[name] for name in _FIGURES]
                yield [*at, compared["metric"]["name"], compared["aggregate"], *figures, missing]
