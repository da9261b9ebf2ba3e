"""How gunicorn serves the API: `gunicorn -c python:api.serving api.wsgi:app`."""

from __future__ import annotations

import gc

_YOUNG = 20_000
"""Objects that are made before the youngest are looked at; Python's own 700 are half a request."""

worker_class = "gthread"
threads = 64
graceful_timeout = 3
control_socket_disable = True


def post_worker_init(_worker: object) -> None:
    """Look for garbage once in some requests instead of twice in each, and never in what is loaded by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
