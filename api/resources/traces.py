"""Traces: which a run has, and one of them at the resolution that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from flask import Blueprint, Response

from api.bodies import arrow
from api.bodies.answers import answer, answer_of, numbers
from api.bodies.traces import ManyTraces, Trace, Traces
from api.http.context import here
from api.http.endpoint import JSON, Endpoint
from api.http.query import LONGEST_LIST, STEP, count, given, listed, text
from services.errors import BadQuestion
from services.runs import queries
from services.runs.queries import TracedRun
from services.traces import reading
from services.traces.pyramid import FIGURES, QUANTILES
from services.traces.reading import TraceView

blueprint = Blueprint("traces", __name__)

MOST_SERIES = 200
MOST_NUMBERS = 4_000_000
"""In one answer: a trace with later axes comes at a coarser level sooner."""
_MOST_IN_JSON = 100_000
_POINTS = f"Points or cells of a trace; JSON has at most {_MOST_IN_JSON:,} of them."
_PART = {
    "from": STEP | {"description": "The first step; by default that of the trace."},
    "to": STEP | {"description": "The last step; by default that of the trace."},
    "max_points": count(MOST_NUMBERS, 2000, _POINTS),
}
_FIGURES = f"What cells show, with commas between: {', '.join((*FIGURES, QUANTILES))} (of curves)."
_SERIES = {
    "runs": text("Ids, with commas between.", LONGEST_LIST),
    "names": text("Traces of each of them, with commas between.", LONGEST_LIST),
}


@Endpoint(blueprint, "GET /runs/<run_id>/traces", answers={200: Traces})
def catalog(run_id: str) -> Response:
    """List the traces of a run."""
    return answer({"traces": reading.catalog(here().db, run_id)})


@Endpoint(
    blueprint,
    "GET /runs/<run_id>/traces/<name>",
    query=_PART | {"figures": text(_FIGURES) | {"default": ",".join(FIGURES)}},
    answers={200: Trace},
    also=(arrow.ARROW, arrow.NPY),
)
def one(run_id: str, name: str) -> Response:
    """Read a trace between two steps, in at most `max_points` points or cells."""
    db, media = here().db, arrow.chosen((JSON, arrow.ARROW, arrow.NPY))
    (run,) = queries.traced(db, [run_id])
    info = reading.named(run.traces, name)
    asked = _asked(media, prod(info.size)) | {"figures": given("figures").split(",")}

    def make() -> Any:
        view = reading.read(db, run_id, info, **asked)
        match media:
            case arrow.ARROW:
                return arrow.one(run_id, view)
            case arrow.NPY:
                return arrow.npy(view)
        return _body(run_id, view)

    return _answer([run], media, make)


@Endpoint(
    blueprint,
    "GET /traces",
    query=_SERIES | _PART,
    required=("runs", "names"),
    answers={200: ManyTraces},
    also=(arrow.ARROW,),
)
def many() -> Response:
    """Read several traces of several runs between two steps, each in at most `max_points` points or cells."""
    db, media = here().db, arrow.chosen((JSON, arrow.ARROW))
    names = listed("names")
    wanted = listed("runs")
    if (asked_for := len(wanted) * len(names)) > MOST_SERIES:
        raise BadQuestion("runs", f"runs times names must be at most {MOST_SERIES}", asked_for)
    runs = queries.traced(db, wanted)
    series = [(run.id, reading.named(run.traces, name)) for run in runs for name in names]
    asked = _asked(media, sum(prod(info.size) for _, info in series))

    def make() -> Any:
        views = [(run_id, reading.read(db, run_id, info, **asked)) for run_id, info in series]
        if media == arrow.ARROW:
            return arrow.many(views)
        return {"traces": [_body(run_id, view) for run_id, view in views]}

    return _answer(runs, media, make)


def _answer(runs: list[TracedRun], media: str, make: Callable[[], Any]) -> Response:
    """Answer what is a function of specifications and steps, until points are let go."""
    return answer_of([f"{run.id} {run.step} {run.thinned}" for run in runs], make, media)


def _asked(media: str, each: int) -> dict[str, Any]:
    """Return what to read, so that no answer holds more than MOST_NUMBERS of `each` numbers a point."""
    most = min(given("max_points"), _MOST_IN_JSON) if media == JSON else given("max_points")
    return {"start": given("from"), "end": given("to"), "max_points": max(1, min(most, MOST_NUMBERS // max(1, each)))}


def _body(run_id: str, view: TraceView) -> dict[str, Any]:
    body = {"run": run_id, **view.info.described(), "level": view.level, "cell_steps": view.cell_steps}
    body["steps"] = numbers(view.steps)
    if view.values is not None:
        return body | {"values": numbers(view.values)}
    return body | {name: numbers(array) for name, array in view.figures.items()} | {"count": numbers(view.count)}
