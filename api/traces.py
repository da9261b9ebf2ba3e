"""Traces: which a run has, and one of them at the resolution that is asked for."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answers import answer, numbers
from api.body import allow, number
from api.context import here
from services import traces

blueprint = Blueprint("traces", __name__)

MOST_POINTS = 100_000
_CELLS = ("minimum", "maximum", "mean", "last", "nonfinite")


@blueprint.get("/runs/<run_id>/traces")
def catalog(run_id: str) -> Response:
    """List the traces of a run."""
    return answer({"traces": traces.catalog(here().db, run_id)})


@blueprint.get("/runs/<run_id>/traces/<name>")
def one(run_id: str, name: str) -> Response:
    """Read a trace between two steps, in at most `max_points` points or cells."""
    allow(["from", "to", "max_points"])
    most = number("max_points", 2000, most=MOST_POINTS) or 2000
    view = traces.read(here().db, run_id, name, start=number("from"), end=number("to"), max_points=most)
    info = view.info
    body = {
        "run": run_id,
        "name": name,
        "unit": info.unit,
        "axes": info.axes,
        "every": info.every,
        "size": info.size,
        "level": view.level,
        "cell_steps": view.cell_steps,
        "steps": view.steps,
    }
    if view.values is not None:
        return answer(body | {"values": numbers(view.values)})
    return answer(body | {cell: numbers(getattr(view, cell)) for cell in _CELLS} | {"count": view.count})
