"""The Flask application."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from flask_compress import Compress

from api import comparison, events, health, mechanisms, openapi, problem, runs, security, sweeps, traces, workers
from api.context import install
from api.dashboard.blueprint import blueprint as dashboard
from services.db import Database

if TYPE_CHECKING:
    from services.settings import Settings

LARGEST_BODY = 10 * 1024 * 1024
RESOURCES = (runs, sweeps, traces, events, comparison, mechanisms, workers, openapi)


def create_app(settings: Settings) -> Flask:
    """Return the application; it connects to the database at its first request."""
    _log_as_json()
    app = Flask("api", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, COMPRESS_MIMETYPES=["application/json", "text/html", "text/css", "text/javascript"])
    install(app, settings, Database(settings.database_url))
    problem.install(app)
    security.install(app, settings)
    health.install(app)
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint, url_prefix="/api/v1")
    app.register_blueprint(dashboard)
    Compress(app)
    return app


def _log_as_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
