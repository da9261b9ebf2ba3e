"""Traces: which a run has, and one of them at the resolution that is asked for."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from math import prod
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from api import arrow
from api.answers import answer, answer_tagged, numbers
from api.context import here
from api.parameters import MOST_NUMBERS, given, listed
from services import run_queries, traces
from services.errors import BadQuestion
from services.pyramid import FIGURES, QUANTILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.run_queries import TracedRun
    from services.traces import TraceView

blueprint = Blueprint("traces", __name__)

_VERSION = version("ltd-lab")
"""Read once: it stands in a file."""
MOST_SERIES = 200
_MOST_IN_JSON = 100_000


@blueprint.get("/runs/<run_id>/traces")
def catalog(run_id: str) -> Response:
    """List the traces of a run."""
    return answer({"traces": traces.catalog(here().db, run_id)})


@blueprint.get("/runs/<run_id>/traces/<name>")
def one(run_id: str, name: str) -> Response:
    """Read a trace between two steps, in at most `max_points` points or cells."""
    db, media = here().db, arrow.chosen((arrow.JSON, arrow.ARROW, arrow.NPY))
    (run,) = run_queries.traced(db, [run_id])
    info = traces.named(run.traces, name)
    asked = _asked(media, prod(info.size)) | {"figures": given("figures").split(",")}

    def made() -> Any:
        view = traces.part(db, run_id, info, **asked)
        match media:
            case arrow.ARROW:
                return arrow.one(run_id, view)
            case arrow.NPY:
                return arrow.npy(view)
        return _body(run_id, view)

    return _answer([run], media, made)


@blueprint.get("/traces")
def many() -> Response:
    """Read several traces of several runs between two steps, each in at most `max_points` points or cells."""
    db, media = here().db, arrow.chosen((arrow.JSON, arrow.ARROW))
    names = listed("names")
    wanted = listed("runs")
    if (count := len(wanted) * len(names)) > MOST_SERIES:
        raise BadQuestion("runs", f"runs times names must be at most {MOST_SERIES}", count)
    found = run_queries.traced(db, wanted)
    series = [(run.id, traces.named(run.traces, name)) for run in found for name in names]
    asked = _asked(media, sum(prod(info.size) for _, info in series))

    def made() -> Any:
        views = [(run_id, traces.part(db, run_id, info, **asked)) for run_id, info in series]
        if media == arrow.ARROW:
            return arrow.many(views)
        return {"traces": [_body(run_id, view) for run_id, view in views]}

    return _answer(found, media, made)


def _answer(found: list[TracedRun], media: str, made: Callable[[], Any]) -> Response:
    """Answer with a tag: a run's traces are a function of its specification and step, until its points are let go."""
    parts = [_VERSION, media, request.full_path, *(f"{run.id} {run.step} {run.thinned}" for run in found)]
    response = answer_tagged(hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest(), made, media)
    response.vary.add("Accept")
    return response


def _asked(media: str, each: int) -> dict[str, Any]:
    """Return what to read, so that no answer holds more than MOST_NUMBERS of `each` numbers a point."""
    most = min(given("max_points"), _MOST_IN_JSON) if media == arrow.JSON else given("max_points")
    return {"start": given("from"), "end": given("to"), "max_points": max(1, min(most, MOST_NUMBERS // max(1, each)))}


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
