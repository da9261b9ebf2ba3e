"""The comparison of a sweep."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answers import answer
from api.context import here
from api.parameters import given
from services import comparison, paired

blueprint = Blueprint("comparison", __name__)

_ASKED = ("rows", "columns", "metric", "aggregate")


@blueprint.get("/sweeps/<sweep_id>/comparison")
def compare(sweep_id: str) -> Response:
    """Compare a sweep's runs: two fields, one metric, aggregated over the rest."""
    return answer(comparison.compare(here().db, sweep_id, **{name: given(name) for name in _ASKED}))


@blueprint.get("/sweeps/<sweep_id>/pairs")
def pairs(sweep_id: str) -> Response:
    """Compare the values of one axis two by two on the same seeds: differences, interval, permutation test."""
    return answer(paired.compare_pairs(here().db, sweep_id, **{name: given(name) for name in ("field", "metric")}))
