"""Reconnects to the broker at a fixed interval."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker import consumer
from celery.worker.state import maybe_shutdown

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0


class Consumer(consumer.Consumer):
    """Retries every RETRY_SECONDS; Celery's own back-off grows to half a minute, and queued runs would wait."""

    def ensure_connected(self, conn: Any) -> Any:
        """Return the connection once it is established; retries without limit."""

        def log_failure(error: Exception, pause: float) -> None:
            logger.error(
                "the broker at %s does not answer: %s; is it running, and LTD_BROKER_URL right? Retrying in %g s",
                conn.as_uri(),  # omits the password
                error,
                pause,
            )
            conn.collect()  # a failed attempt leaks one of its transport's 65,535 channel ids: use a new transport

        conn.ensure_connection(
            log_failure,
            interval_start=RETRY_SECONDS,
            interval_step=0.0,
            interval_max=RETRY_SECONDS,
            callback=maybe_shutdown,
        )
        self.first_connection_attempt = False
        return conn
