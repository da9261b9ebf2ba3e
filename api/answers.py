"""The bodies of answers: runs and sweeps in the words of the contract, and arrays as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from flask import Response, request

if TYPE_CHECKING:
    from services.run_queries import RunView
    from services.sweeps import SweepView


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:  # noqa: ANN401 - JSON
    """Return JSON, or 304 when the client has the very same already."""
    data = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    response = Response(data, status, content_type="application/json", headers=headers)
    if request.method == "GET":
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        response.make_conditional(request)
    return response


def run_body(run: RunView) -> dict[str, Any]:
    """Return a run."""
    return {
        "id": run.id,
        "state": run.state,
        "step": run.step,
        "updates": run.updates,
        "experiment": run.experiment,
        "spec": run.spec.full(),
        "outcome": run.outcome,
        "summary": run.summary,
        "error": run.error,
        "attempts": run.attempts,
        "cancel_requested": run.cancel_requested,
        "worker": run.worker,
        **{name: moment(getattr(run, name)) for name in ("created_at", "started_at", "finished_at")},
    }


def sweep_body(sweep: SweepView) -> dict[str, Any]:
    """Return a sweep."""
    return {**asdict(sweep), "created_at": moment(sweep.created_at), "finished": sweep.finished}


def moment(seconds: float | None) -> str | None:
    """Return a time in ISO 8601, UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def numbers(array: np.ndarray[Any, np.dtype[Any]] | None) -> Any:  # noqa: ANN401 - an array, or lists
    """Return an array for JSON; numbers that JSON lacks become the words NaN, Infinity and -Infinity."""
    if array is None or array.dtype.kind != "f":
        return array
    finite = np.isfinite(array)
    if finite.all():
        return np.ascontiguousarray(array)
    words = array.astype(object)
    words[np.isnan(array)] = "NaN"
    words[np.isposinf(array)] = "Infinity"
    words[np.isneginf(array)] = "-Infinity"
    return words.tolist()
