"""How gunicorn serves the API: `gunicorn -c python:api.serving api.wsgi:app`."""

from __future__ import annotations

import gc
import select
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_LINGER_MILLISECONDS = 100
"""Longer than a client that asks one question after another needs between two."""

_YOUNG = 20_000
"""Objects that are made before the youngest are looked at; Python's own 700 are half a request."""


class LingeringThreads(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Threads that keep a busy connection: handing it to the main thread and back takes a tenth of a millisecond."""

    def handle(self, conn: Any) -> Any:  # noqa: ANN401 - gunicorn's connection, and what it makes of it
        """Answer a request and those that follow it closely, while there is a thread for every connection."""
        poll = select.poll()
        poll.register(conn.sock.fileno(), select.POLLIN)
        while (kept := super().handle(conn)) is True and self.alive and self.nr_conns < self.cfg.threads:
            if not poll.poll(_LINGER_MILLISECONDS):
                break
        return kept


worker_class = LingeringThreads
threads = 64
graceful_timeout = 3
control_socket_disable = True


def post_worker_init(_worker: object) -> None:
    """Look for garbage once in some requests instead of twice in each, and never in what is loaded by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
