"""Is the server alive, can it do its work, and how much is there to do."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.bodies.answers import answer
from api.bodies.server import Health
from api.http.context import here
from api.http.endpoint import Endpoint
from api.http.problem import RETRY_SECONDS
from services import queue
from services.database.engine import Database
from services.errors import NotMigrated, StoreError
from services.runs import queries
from services.settings import Settings
from services.workers import list_workers

blueprint = Blueprint("health", __name__)
logger = structlog.get_logger()


class Work(Collector):
    """The runs by state and the workers that live; nothing while the database does not answer."""

    def __init__(self, db: Database, lease_seconds: float) -> None:
        self._db, self._lease_seconds = db, lease_seconds

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        try:
            states, workers = queries.count_by_state(self._db), list_workers(self._db)
        except StoreError as error:
            logger.warning("no figures of the work", error=str(error))
            return
        runs = GaugeMetricFamily("ltd_runs", "Runs in a state.", labels=["state"])
        for state, count in states.items():
            runs.add_metric([state], count)
        yield runs
        alive = sum(worker["silent_seconds"] < self._lease_seconds for worker in workers)  # by then its runs are lost
        yield GaugeMetricFamily("ltd_workers", "Worker processes heard from within a lease.", value=alive)


@Endpoint(blueprint, "GET /healthz", answers={200: Health})
def healthz() -> Response:
    """Say that the server is alive."""
    return answer({"status": "alive"})


@Endpoint(blueprint, "GET /readyz", answers={200: Health, 503: Health})
def readyz() -> Response:
    """Say whether database and broker answer."""
    lab = here()
    parts = {"database": "ok", "broker": "ok"}
    try:
        list_workers(lab.db)
    except NotMigrated as error:
        logger.warning("the database is not migrated", error=str(error))
        parts["database"] = "is not migrated"
    except StoreError as error:
        logger.warning("the database does not answer", error=str(error))
        parts["database"] = "does not answer"
    if not queue.answers(lab.settings):
        parts["broker"] = "does not answer; submissions are accepted all the same"
    if set(parts.values()) == {"ok"}:
        return answer({"status": "ready", **parts})
    return answer({"status": "not ready", **parts}, 503, {"Retry-After": RETRY_SECONDS})


@Endpoint(blueprint, "GET /metrics", answers={200: "text/plain"})
def metrics() -> Response:
    """Give figures to Prometheus."""
    return Response(generate_latest(here().registry), content_type=CONTENT_TYPE_LATEST)


def install(registry: CollectorRegistry, db: Database, settings: Settings) -> None:
    """Measure the work at each scrape."""
    registry.register(Work(db, settings.lease_seconds))
