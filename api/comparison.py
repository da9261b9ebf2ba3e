"""The comparison of a sweep."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.answers import answer
from api.body import allow
from api.context import here
from services import comparison

blueprint = Blueprint("comparison", __name__)


@blueprint.get("/sweeps/<sweep_id>/comparison")
def compare(sweep_id: str) -> Response:
    """Compare a sweep's runs: two fields, one metric, aggregated over the rest."""
    allow(["rows", "columns", "metric", "aggregate"])
    asked = request.args
    return answer(
        comparison.compare(
            here().db,
            sweep_id,
            rows=asked.get("rows"),
            columns=asked.get("columns"),
            metric=asked.get("metric", "success"),
            aggregate=asked.get("aggregate", "median"),
        )
    )
