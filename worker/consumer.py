"""How a worker waits for a broker that is away."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker import consumer
from celery.worker.state import maybe_shutdown

logger = logging.getLogger(__name__)

RETRY_SECONDS = 2.0


class Consumer(consumer.Consumer):
    """Tries again every RETRY_SECONDS. Celery's own pauses grow to half a minute, and queued runs would wait."""

    def ensure_connected(self, conn: Any) -> Any:
        """Return the connection, once it is made."""

        def tell(error: Exception, pause: float) -> None:
            logger.error(
                "the broker at %s does not answer: %s; is it running, and LTD_BROKER_URL right? Tried again in %g s",
                conn.as_uri(),  # which leaves the password out
                error,
                pause,
            )
            conn.collect()  # a failed attempt uses up one of 65,535 channels of its transport: the next has a new one

        conn.ensure_connection(
            tell, interval_start=RETRY_SECONDS, interval_step=0.0, interval_max=RETRY_SECONDS, callback=maybe_shutdown
        )
        self.first_connection_attempt = False
        return conn
