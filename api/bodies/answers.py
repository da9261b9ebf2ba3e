"""The bodies of answers: runs and sweeps in the words of the contract, and arrays as JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import numpy as np
import orjson
from flask import Response, request

from services.runs.queries import RunView
from services.specs import full_settings
from services.sweeps.posted import SweepView

Array = np.ndarray[Any, np.dtype[Any]]

_VERSION = version("ltd-lab")
"""Read once: it stands in a file."""
_AXIS_IN_LISTS = 300
"""Bytes of an axis's values."""
_NULL = re.compile(b"null")


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return JSON, or 304 when the client has the very same already."""
    data = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    if request.method not in {"GET", "HEAD"} or status != HTTPStatus.OK:
        return Response(data, status, content_type="application/json", headers=headers)
    return answer_tagged(hashlib.blake2b(data, digest_size=16).hexdigest(), lambda: data)


def answer_tagged(tag: str, make: Callable[[], Any], media: str = "application/json") -> Response:
    """Return 304 when the client has an answer of this tag already, else what `make` gives: bytes, or JSON's body."""
    response = Response(content_type=media, headers={"Cache-Control": "no-cache"})
    response.set_etag(tag, weak=True)  # weak: compression changes the bytes, not what they say
    if request.if_none_match.contains_weak(tag):
        response.status_code = HTTPStatus.NOT_MODIFIED
        return response
    body = make()
    response.data = body if isinstance(body, bytes) else orjson.dumps(body)
    return response


def answer_of(parts: Sequence[str], make: Callable[[], Any], media: str) -> Response:
    """Return what a request's address, its media type, this version and `parts` decide, tagged by them."""
    tag = "\n".join((_VERSION, media, request.full_path, *parts)).encode()
    response = answer_tagged(hashlib.blake2b(tag, digest_size=16).hexdigest(), make, media)
    response.vary.add("Accept")
    return response


def run_body(run: RunView) -> dict[str, Any]:
    """Return a run."""
    return {
        "id": run.id,
        "state": run.state,
        "step": run.step,
        "updates": run.updates,
        "experiment": run.experiment,
        "spec": full_settings(run.spec_json),
        "outcome": run.outcome,
        "summary": orjson.Fragment(run.summary_json),
        "absent": run.absent,
        "origin": run.origin,
        "replay": run.replayed,
        "error": run.error,
        "attempts": run.attempts,
        "cancel_requested": bool(run.cancel_requested),
        "worker": run.worker,
        **{name: moment(getattr(run, name)) for name in ("created_at", "started_at", "finished_at")},
    }


def sweep_body(sweep: SweepView) -> dict[str, Any]:
    """Return a sweep."""
    times = {name: moment(getattr(sweep, name)) for name in ("created_at", "cancelled_at")}
    return {**asdict(sweep), **times, "finished": sweep.finished}


def listed_sweep_body(sweep: SweepView) -> dict[str, Any]:
    """Return a sweep for a list, in which long axes and seeds would repeat megabytes."""
    seeds = {"count": len(sweep.seeds), "least": min(sweep.seeds), "greatest": max(sweep.seeds)}
    sizes = {name: len(values) for name, values in sweep.axes.items()}
    axes = {name: list(_first(values)) for name, values in sweep.axes.items()}
    return sweep_body(replace(sweep, seeds=[])) | {"axes": axes, "axis_sizes": sizes, "seeds": seeds}


def _first(values: list[Any]) -> Iterator[Any]:
    room = _AXIS_IN_LISTS
    for value in values:
        room -= len(orjson.dumps(value))
        if room < 0:
            return
        yield value


def moment(seconds: float | None) -> str | None:
    """Return a time in ISO 8601, UTC; None where no calendar holds it, as former releases let runs bring in."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return None


def numbers(array: Array) -> orjson.Fragment:
    """Return an array as JSON; numbers that JSON lacks become the words NaN, Infinity and -Infinity."""
    text = orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return orjson.Fragment(text)
    if not np.isinf(array).any():
        return orjson.Fragment(text.replace(b"null", b'"NaN"'))
    words = iter(_words(array))
    return orjson.Fragment(_NULL.sub(lambda _: next(words), text))


def _words(array: Array) -> list[bytes]:
    """Return the words of the numbers that are not finite, in order."""
    special = array[~np.isfinite(array)]
    chosen = np.select([np.isposinf(special), np.isneginf(special)], [b'"Infinity"', b'"-Infinity"'], b'"NaN"')
    return [bytes(word) for word in chosen]
