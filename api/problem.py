"""Errors as problem documents (RFC 9457): what was wrong, in which field, and what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from flask import Response, request
from werkzeug.exceptions import HTTPException

from ltd_core.errors import FieldProblem, InvalidSpec
from services.errors import (
    BadCursor,
    BadQuestion,
    IdempotencyConflict,
    NotFound,
    StoreError,
    StoreFull,
    TraceCorrupt,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
logger = structlog.get_logger()


def respond(status: int, title: str, detail: str, errors: Sequence[FieldProblem] = ()) -> Response:
    """Return a problem document."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "errors": [{"field": e.field, "message": e.message, "value": _shown(e.value)} for e in errors],
    }
    response = Response(orjson.dumps(body), status, content_type=MEDIA_TYPE)
    if status in {503, 507, 429}:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def install(app: Flask) -> None:
    """Answer every error of an application with a problem document."""
    app.register_error_handler(InvalidSpec, _invalid)
    app.register_error_handler(NotFound, lambda e: respond(404, "Not found", str(e)))
    app.register_error_handler(BadCursor, lambda e: _one(400, "Bad cursor", "cursor", str(e), request.args.get("cursor")))
    app.register_error_handler(BadQuestion, lambda e: _one(400, "Bad question", e.field, e.message, e.value))
    app.register_error_handler(
        IdempotencyConflict, lambda e: _one(422, "Idempotency key reused", "Idempotency-Key", str(e), request.headers.get("Idempotency-Key"))
    )
    app.register_error_handler(StoreFull, lambda e: respond(507, "No room left", str(e)))
    app.register_error_handler(StoreError, lambda e: respond(503, "Store unavailable", str(e)))
    app.register_error_handler(TraceCorrupt, lambda e: respond(500, "Damaged trace", str(e)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _invalid(error: InvalidSpec) -> Response:
    detail = "; ".join(f"{p.field or 'the body'}: {p.message}" for p in error.problems)
    return respond(422, "Invalid request", detail, error.problems)


def _one(status: int, title: str, field: str, message: str, value: object) -> Response:
    return respond(status, title, f"{field}: {message}", [FieldProblem(field, message, value)])


def _http(error: HTTPException) -> Response:
    response = respond(error.code or 500, error.name, error.description or error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    logger.exception("request failed", path=request.path, error=repr(error))
    return respond(500, "Internal error", "the server failed to answer; its log says why")


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """Return a value for JSON, short, with the numbers that JSON lacks as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    text = value if isinstance(value, str) else repr(value)
    longest = 200
    return text if len(text) <= longest else text[: longest - 1] + "…"
