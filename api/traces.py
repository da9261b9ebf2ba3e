"""Traces: which a run has, and one of them at the resolution that is asked for."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from math import prod
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from api.answers import answer, answer_tagged, numbers
from api.context import here
from api.parameters import given
from services import run_queries, traces
from services.pyramid import FIGURES, QUANTILES

if TYPE_CHECKING:
    from services.run_queries import RunView
    from services.traces import TraceView

blueprint = Blueprint("traces", __name__)

_VERSION = version("ltd-lab")
"""Read once: it stands in a file."""
MOST_NUMBERS = 4_000_000
"""In one answer: a trace with later axes comes at a coarser level sooner."""


@blueprint.get("/runs/<run_id>/traces")
def catalog(run_id: str) -> Response:
    """List the traces of a run."""
    return answer({"traces": traces.catalog(here().db, run_id)})


@blueprint.get("/runs/<run_id>/traces/<name>")
def one(run_id: str, name: str) -> Response:
    """Read a trace between two steps, in at most `max_points` points or cells."""
    db = here().db
    run = run_queries.get(db, run_id)
    asked = {
        "start": given("from"),
        "end": given("to"),
        "max_points": min(given("max_points"), _most_points(run, name)),
        "figures": given("figures").split(","),
    }

    def body() -> dict[str, Any]:
        return _body(run_id, traces.read(db, run_id, name, **asked))

    return answer_tagged(_tag(run), body)


def _tag(run: RunView) -> str:
    """Return what changes whenever the answer does: a run's traces are a function of its specification and its step."""
    said = f"{_VERSION} {run.id} {run.step} {request.full_path}"
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _most_points(run: RunView, name: str) -> int:
    sizes = {info.name: prod(info.size) for info in run.spec.traces()}
    return max(1, MOST_NUMBERS // max(1, sizes.get(name, 1)))


def _body(run_id: str, view: TraceView) -> dict[str, Any]:
    info = view.info
    body = {
        "run": run_id,
        "name": info.name,
        "unit": info.unit,
        "axes": info.axes,
        "every": info.every,
        "size": info.size,
        "level": view.level,
        "cell_steps": view.cell_steps,
        "steps": numbers(view.steps),
    }
    if view.values is not None:
        return body | {"values": numbers(view.values)}
    figures = {name: getattr(view, name) for name in (*FIGURES, QUANTILES)}
    shown = {name: numbers(array) for name, array in figures.items() if array is not None}
    return body | shown | {"count": numbers(view.count)}
