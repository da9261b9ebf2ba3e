"""How gunicorn serves the API: `gunicorn -c python:api.serving api.wsgi:app`."""

from __future__ import annotations

import gc
from typing import Any

from api.http.security import is_local
from services.settings import Settings

_YOUNG = 20_000
"""Objects that are made before the youngest are looked at; Python's own 700 are half a request."""

worker_class = "gthread"
threads = 64
graceful_timeout = 3
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Refuse to serve other machines without a token, wherever the address comes from: settings, `--bind`, a socket."""
    if Settings().token:
        return
    for listener in server.LISTENERS:
        address = listener.getsockname()
        if isinstance(address, tuple) and not is_local(address[0]):
            raise RuntimeError(f"{address[0]} can be reached from other machines: set LTD_TOKEN, or bind to 127.0.0.1")


def post_worker_init(_worker: object) -> None:
    """Look for garbage once in some requests instead of twice in each, and never in what is loaded by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
