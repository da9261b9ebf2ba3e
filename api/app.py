"""The Flask application."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress
from prometheus_client import CollectorRegistry

from api.dashboard.blueprint import blueprint as dashboard
from api.http import context, log, problem, query, security
from api.http.receiving import LARGEST_BODY
from api.resources import (
    comparison,
    estimates,
    events,
    health,
    imports,
    maintenance,
    mechanisms,
    openapi,
    overlays,
    pictures,
    runs,
    side_by_side,
    sweeps,
    traces,
    workers,
)
from ltd_core.spec import register_text
from services.database.engine import Database
from services.settings import LOOPBACK, Settings

RESOURCES = (
    runs,
    side_by_side,
    sweeps,
    estimates,
    traces,
    pictures,
    overlays,
    events,
    comparison,
    mechanisms,
    workers,
    maintenance,
    imports,
    openapi,
)
_COMPRESSED = (
    "application/json",
    "application/problem+json",
    "text/html",
    "text/css",
    "text/javascript",
    "image/svg+xml",
)
_COMPRESSION = {
    "COMPRESS_REGISTER": False,
    "COMPRESS_MIMETYPES": _COMPRESSED,
    # levels at which it takes less time than it saves on a fast line: noisy numbers hardly get smaller
    **{f"COMPRESS{kind}_LEVEL": 1 for kind in ("", "_BR", "_DEFLATE", "_ZSTD")},
}


def create_app(settings: Settings) -> Flask:
    """Return the application; it connects to the database at its first request."""
    for name, path in settings.text_files.items():
        register_text(name, path)
    app = Flask("api", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, **_COMPRESSION)
    lab = context.Context(settings, Database(settings.database_url), CollectorRegistry())
    context.install(app, lab)
    health.install(lab.registry, lab.db, settings)
    problem.install(app)
    log.install(app, lab.registry)  # before the guards, so that what they refuse is logged too
    security.install(app, settings)
    query.install(app)
    app.register_blueprint(health.blueprint)
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint, url_prefix="/api/v1")
    app.register_blueprint(dashboard)
    _compress(app)
    return app


def _compress(app: Flask) -> None:
    """Compress answers: to this machine itself scripts and styles alone, the rest takes longer than it saves."""
    compress = Compress(app)

    @app.after_request
    def pack(response: Response) -> Response:
        near = request.remote_addr in LOOPBACK and "X-Forwarded-For" not in request.headers
        return response if near and request.blueprint != "dashboard" else compress.after_request(response)
