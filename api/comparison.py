"""The comparison of a sweep."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from api.answers import answer
from api.context import here
from api.parameters import given
from services.comparison.pairs import compare_pairs
from services.comparison.table import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

blueprint = Blueprint("comparison", __name__)

_ASKED = ("rows", "columns", "panels", "metric", "aggregate", "quantile")
_FIGURES = ("value", "low", "high", "n")


@blueprint.get("/sweeps/<sweep_id>/comparison")
def table(sweep_id: str) -> Response:
    """Compare a sweep's runs: two fields, one metric, aggregated over the rest; as CSV where that is accepted."""
    table = compare(here().db, sweep_id, **{name: given(name) for name in _ASKED})
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) != "text/csv":
        found = answer(table)
    else:
        text = io.StringIO()
        csv.writer(text).writerows(_lines(table))
        found = Response(text.getvalue(), content_type="text/csv; charset=utf-8")
    found.vary.add("Accept")
    return found


@blueprint.get("/sweeps/<sweep_id>/pairs")
def pairs(sweep_id: str) -> Response:
    """Compare the values of one axis two by two on the same seeds: differences, interval, permutation test."""
    return answer(compare_pairs(here().db, sweep_id, **{name: given(name) for name in ("field", "metric")}))


def _lines(table: dict[str, Any]) -> Iterator[list[Any]]:
    """Return a line a cell, with a heading."""
    panels, rows, columns = table["panels"], table["rows"], table["columns"]
    fields = [side["field"] for side in (panels, rows, columns) if side]
    yield [*fields, "metric", "aggregate", *_FIGURES, "missing"]
    for panel, cells in zip(panels["values"], panels["cells"], strict=True) if panels else [(None, table["cells"])]:
        for row, line in zip(rows["values"], cells, strict=True):
            for column, cell in zip(columns["values"], line, strict=True):
                at = [value["label"] for value in (panel, row, column) if value]
                missing = " ".join(f"{reason}:{count}" for reason, count in cell["missing"].items())
                figures = [cell[name] for name in _FIGURES]
                yield [*at, table["metric"]["name"], table["aggregate"], *figures, missing]
