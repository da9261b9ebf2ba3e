"""The comparison of a sweep."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from api.bodies.answers import answer
from api.bodies.comparison import Comparison, Pairs
from api.bodies.pictures import Pictures
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.query import choice, given, text
from ltd_core.metrics import METRICS
from services.comparison import table
from services.comparison.bootstrap import AGGREGATES
from services.comparison.labels import text_of
from services.comparison.pairs import compare_pairs
from services.errors import BadQuestion
from services.pictures.metric_lines import metric_lines

blueprint = Blueprint("comparison", __name__)

_FIELD = text("A field of the specification, dotted; by default one of the first two axes.")
_SHARE = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "default": 0.9,
    "description": "The share below, where the aggregate is `quantile`.",
}
_TABLE = {
    "rows": _FIELD,
    "columns": _FIELD,
    "metric": choice(METRICS, "What is compared.", default="success"),
    "panels": text("A third field: a table for each of its values."),
    "aggregate": choice(AGGREGATES, description="By default the rate of a yes or no, the median of a number."),
    "quantile": _SHARE,
}
_PAIRS = {
    "field": text("An axis of the sweep; by default the first."),
    "metric": choice(METRICS, "What is compared.", default="final_loss"),
}
_LONGEST_CSV = 50_000_000
"""Characters: each line repeats the values of its cell, which may be long."""
_FIGURES = ("value", "low", "high", "n")


@Endpoint(blueprint, "GET /sweeps/<sweep_id>/comparison", query=_TABLE, answers={200: Comparison})
def compare(sweep_id: str) -> Response:
    """Compare a sweep's runs: two fields, one metric, aggregated over the rest; as CSV where that is accepted."""
    compared = _compared(sweep_id)
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) != "text/csv":
        response = answer(compared)
    else:
        text = io.StringIO()
        writer = csv.writer(text)
        for line in _lines(compared):
            writer.writerow(line)
            if text.tell() > _LONGEST_CSV:
                raise BadQuestion("rows", f"makes more than {_LONGEST_CSV:,} characters of CSV", given("rows"))
        response = Response(text.getvalue(), content_type="text/csv; charset=utf-8")
    response.vary.add("Accept")
    return response


@Endpoint(blueprint, "GET /sweeps/<sweep_id>/comparison/pictures", query=_TABLE, answers={200: Pictures})
def lines(sweep_id: str) -> Response:
    """Draw the comparison along one of its fields, a line each value of the others; none where no field is numeric."""
    figure = metric_lines(_compared(sweep_id))
    return answer({"pictures": [figure] if figure else []})


@Endpoint(blueprint, "GET /sweeps/<sweep_id>/pairs", query=_PAIRS, answers={200: Pairs})
def pairs(sweep_id: str) -> Response:
    """Compare the values of one axis two by two on the same seeds: differences, interval, permutation test."""
    return answer(compare_pairs(here().db, sweep_id, **{name: given(name) for name in _PAIRS}))


def _compared(sweep_id: str) -> dict[str, Any]:
    return table.compare(here().db, sweep_id, **{name: given(name) for name in _TABLE})


def _lines(compared: dict[str, Any]) -> Iterator[list[Any]]:
    """Return a line a cell, with a heading."""
    panels, rows, columns = compared["panels"], compared["rows"], compared["columns"]
    fields = [side["field"] for side in (panels, rows, columns) if side]
    yield [*fields, "metric", "aggregate", *_FIGURES, "missing"]
    for panel, cells in zip(panels["values"], panels["cells"], strict=True) if panels else [(None, compared["cells"])]:
        for row, line in zip(rows["values"], cells, strict=True):
            for column, cell in zip(columns["values"], line, strict=True):
                at = [text_of(entry["value"]) for entry in (panel, row, column) if entry]
                missing = " ".join(f"{reason}:{count}" for reason, count in cell["missing"].items())
                figures = [cell[name] for name in _FIGURES]
                yield [*at, compared["metric"]["name"], compared["aggregate"], *figures, missing]
