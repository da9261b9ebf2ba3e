"""How gunicorn serves the API: `gunicorn -c python:api.serving api.wsgi:app`."""

from __future__ import annotations

import select
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_LINGER_MILLISECONDS = 100
"""Longer than a client that asks one question after another needs between two."""


class LingeringThreads(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Threads that keep a busy connection: handing it to the main thread and back takes a tenth of a millisecond."""

    def handle(self, conn: Any) -> Any:  # noqa: ANN401 - gunicorn's connection, and what it makes of it
        """Answer a request and those that follow it closely, while there is a thread for every connection."""
        while (kept := super().handle(conn)) is True and self.alive and self.nr_conns < self.cfg.threads:
            if not _asks_again(conn.sock.fileno()):
                break
        return kept


def _asks_again(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(_LINGER_MILLISECONDS))


worker_class = LingeringThreads
threads = 64
graceful_timeout = 3
control_socket_disable = True
