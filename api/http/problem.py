"""Errors as problem documents (RFC 9457): what was wrong, in which field, and what would be right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import orjson
import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from ltd_core.errors import FieldProblem, InvalidSpec
from services.errors import (
    BadCursor,
    BadQuestion,
    Conflict,
    IdempotencyConflict,
    NotFound,
    StoreError,
    StoreFull,
    StoreReadOnly,
    TraceCorrupt,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
MOST_ERRORS = 50
"""Named in one document."""
logger = structlog.get_logger()


def document(status: int, title: str, detail: str, instance: str, errors: Sequence[FieldProblem] = ()) -> bytes:
    """Return a problem document."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "errors": faults(errors),
    }
    return orjson.dumps(body)


def faults(errors: Sequence[FieldProblem]) -> list[dict[str, Any]]:
    """Return what is wrong by field, as it is answered."""
    return [{"field": e.field, "message": e.message, "value": _shown(e.value)} for e in errors[:MOST_ERRORS]]


def respond(status: int, title: str, detail: str, errors: Sequence[FieldProblem] = ()) -> Response:
    """Return an answer that is a problem document."""
    body = document(status, title, detail, request.path, errors)
    response = Response(body, status, content_type=MEDIA_TYPE)
    if status in {503, 507, 429}:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def install(app: Flask) -> None:
    """Answer every error of an application with a problem document."""
    app.register_error_handler(InvalidSpec, _invalid)
    app.register_error_handler(NotFound, lambda e: respond(404, "Not found", str(e)))
    app.register_error_handler(Conflict, lambda e: respond(409, "Conflict", str(e)))
    app.register_error_handler(BadCursor, lambda e: _one(400, "Bad cursor", "cursor", str(e), None))
    app.register_error_handler(BadQuestion, lambda e: _one(400, "Bad question", e.field, e.message, e.value))
    app.register_error_handler(IdempotencyConflict, _conflict)
    app.register_error_handler(StoreFull, lambda e: _store(e, 507, "The database has no room left"))
    app.register_error_handler(StoreReadOnly, lambda e: _store(e, 503, "The database cannot be written"))
    app.register_error_handler(StoreError, lambda e: _store(e, 503, "The database does not answer"))
    app.register_error_handler(TraceCorrupt, _damaged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _invalid(error: InvalidSpec) -> Response:
    problems = error.problems[:MOST_ERRORS]
    detail = "; ".join(f"{p.field or 'the body'}: {p.message}" for p in problems)
    more = len(error.problems) - len(problems)
    return respond(422, "Invalid request", f"{detail}; and {more} more" if more else detail, problems)


def _conflict(error: IdempotencyConflict) -> Response:
    key = request.headers.get("Idempotency-Key")
    return _one(422, "Idempotency key reused", "Idempotency-Key", str(error), key)


def _store(error: StoreError, status: int, title: str) -> Response:
    """Keep the driver's words, which may name hosts and users, in the log."""
    logger.error("the store failed", path=request.path, error=str(error))
    return respond(status, title, "nothing of this request was stored; it may be sent again")


def _damaged(error: TraceCorrupt) -> Response:
    logger.error("a stored trace is damaged", path=request.path, error=str(error))
    return respond(500, "Damaged trace", str(error))


def _one(status: int, title: str, field: str, message: str, value: object) -> Response:
    return respond(status, title, f"{field}: {message}", [FieldProblem(field, message, value)])


def _http(error: HTTPException) -> Response:
    if isinstance(error, RoutingException) or error.code is None:  # a redirect to the right spelling of an address
        return cast("Response", error.get_response())
    response = respond(error.code, error.name, error.description or error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    logger.error("a request failed", path=request.path, exc_info=error)
    return respond(500, "Internal error", "the server failed to answer; its log says why")


def _shown(value: Any) -> Any:
    """Return a value for JSON, short, with the numbers that JSON lacks as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    text = value if isinstance(value, str) else repr(value)
    longest = 200
    return text if len(text) <= longest else text[: longest - 1] + "…"
