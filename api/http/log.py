"""The log: JSON on the error stream, one line a request, and figures of the requests for /metrics."""

from __future__ import annotations

import json
import logging
import time
from functools import cache
from typing import TextIO

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
logger = structlog.get_logger()


def install(app: Flask, registry: CollectorRegistry) -> None:
    """Log and measure every request."""
    _as_json()
    requests = Counter("ltd_requests", "Requests answered.", ["method", "endpoint", "status"], registry=registry)
    seconds = Histogram("ltd_request_seconds", "Time to an answer.", ["endpoint"], registry=registry)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        taken = time.perf_counter() - g.began if "began" in g else 0.0
        method = request.method if request.method in _METHODS else "other"  # a client may send any word
        endpoint, status = request.endpoint or "none", response.status_code
        requests.labels(method, endpoint, status).inc()
        seconds.labels(endpoint).observe(taken)
        logger.info("request", method=method, path=request.path, status=status, ms=round(taken * 1000, 1))
        return response


def _as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: _json(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(_errors()),
        cache_logger_on_first_use=True,
    )


_json = json.JSONEncoder(default=repr).encode
"""Made once: json.dumps makes an encoder for each line."""


@cache
def _errors() -> TextIO:
    """Return the error stream; a line is one write, which nothing of another process comes between."""
    return open(2, "w", closefd=False)
