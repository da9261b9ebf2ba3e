"""The broker carries hints: a message says that runs may be queued, never which. The database knows."""

from __future__ import annotations

import logging
import threading
import time
from functools import cache
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from services.settings import Settings

logger = logging.getLogger(__name__)

TASK, QUEUE = "ltd.drain", "ltd"
MOST_HINTS = 64
_SOCKET_SECONDS = 2.0
_HEALTH_SECONDS = 5.0
"""How often a consumer checks its connection, and how long it waits for the answer: it has no other timeout."""
_PAUSE_SECONDS = 0.1
"""Pause between hints; those that come meanwhile are sent as one."""
_EXPIRES_SECONDS = 60
"""After that the reconciler has sent another."""


@cache
def celery_app(settings: Settings) -> Celery:
    """Return the application; it connects at its first message."""
    app = Celery("ltd", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_acks_late=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "socket_timeout": _SOCKET_SECONDS,
            "socket_connect_timeout": _SOCKET_SECONDS,
            "health_check_interval": _HEALTH_SECONDS,
            "max_retries": 0,
        },
        redis_socket_timeout=_SOCKET_SECONDS,
        redis_socket_connect_timeout=_SOCKET_SECONDS,
        task_publish_retry=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        enable_utc=True,
    )
    return app


def hint(settings: Settings, count: int) -> bool:
    """Send hints that `count` runs were queued; False when the broker is away, then the reconciler sends them."""
    with celery_app(settings).connection_for_write() as connection:
        return _send(settings, connection, count)


def _send(settings: Settings, connection: Any, count: int) -> bool:
    try:
        for _ in range(min(count, MOST_HINTS) - _waiting(connection)):
            celery_app(settings).send_task(
                TASK, queue=QUEUE, connection=connection, retry=False, expires=_EXPIRES_SECONDS
            )
    except (OperationalError, OSError, *connection.connection_errors) as error:
        text = "no hint was sent to the broker at %s, the reconciler will: %s; is it running, and LTD_BROKER_URL right?"
        logger.warning(text, connection.as_uri(), error)  # an address without its password
        return False
    return True


def hint_soon(settings: Settings, count: int) -> None:
    """Send the hint from a background thread, so that no response waits for the broker."""
    _courier(settings).ask(count)


class _Courier:
    """A thread that sends the hints of this process, in batches."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._count, self._asked = settings, 0, threading.Condition()
        threading.Thread(target=self._carry, name="hints", daemon=True).start()

    def ask(self, count: int) -> None:
        with self._asked:
            self._count += count
            self._asked.notify()

    def _carry(self) -> None:
        # one connection for all hints: a new one takes ten times as long as a hint; a broken one reconnects by itself
        connection = celery_app(self._settings).connection_for_write()
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._count)
                count, self._count = self._count, 0
            _send(self._settings, connection, count)
            time.sleep(_PAUSE_SECONDS)


@cache
def _courier(settings: Settings) -> _Courier:
    return _Courier(settings)


def answers(settings: Settings) -> bool:
    """Say whether the broker answers."""
    try:
        with celery_app(settings).connection_for_write() as connection:
            _waiting(connection)
    except (OperationalError, OSError):
        return False
    return True


def _waiting(connection: Any) -> int:
    """Return the number of hints in the queue."""
    return int(connection.default_channel.queue_declare(QUEUE).message_count)
