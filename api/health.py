"""Is the server alive, can it do its work, and how much has it done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from flask import Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import text

from api.answers import answer
from api.context import here
from services import queue
from services.errors import StoreError

if TYPE_CHECKING:
    from flask import Flask

logger = structlog.get_logger()


def install(app: Flask) -> None:
    """Add /healthz, /readyz and /metrics, a log line and a measurement for every request."""
    registry = CollectorRegistry()
    requests = Counter("ltd_requests", "Requests answered.", ["method", "endpoint", "status"], registry=registry)
    seconds = Histogram("ltd_request_seconds", "Time to an answer.", ["endpoint"], registry=registry)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        taken = time.perf_counter() - g.get("began", time.perf_counter())
        endpoint = request.endpoint or "none"
        requests.labels(request.method, endpoint, response.status_code).inc()
        seconds.labels(endpoint).observe(taken)
        logger.info("request", method=request.method, path=request.path, status=response.status_code, ms=round(taken * 1000, 1))
        return response

    app.add_url_rule("/healthz", "healthz", lambda: answer({"status": "alive"}))
    app.add_url_rule("/readyz", "readyz", ready)
    app.add_url_rule("/metrics", "metrics", lambda: Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST))


def ready() -> Response:
    """Say whether database and broker answer."""
    lab = here()
    parts = {"database": "ok", "broker": "ok"}
    try:
        with lab.db.read() as conn:
            conn.execute(text("SELECT 1"))
    except StoreError as error:
        parts["database"] = str(error)
    if not queue.answers(lab.settings):
        parts["broker"] = "does not answer; submissions are accepted all the same"
    sound = set(parts.values()) == {"ok"}
    return answer({"status": "ready" if sound else "not ready", **parts}, 200 if sound else 503)
