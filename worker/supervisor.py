"""The parent of the worker processes: runs the reconciler, and tells the processes when to stop."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from billiard import active_children
from celery import bootsteps
from celery.signals import worker_init
from celery.worker.components import Pool

from services.database.engine import Database
from services.errors import StoreError
from services.reconciler import reconcile_once
from services.settings import Settings
from worker.process import STOP_SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


@worker_init.connect
def watch_over_runs(**_: Any) -> None:
    """Start the reconciler in a thread; it ends with the process."""
    settings = Settings()
    owner = f"{socket.gethostname()}:{os.getpid()}"
    db = Database(settings.database_url, impatient=True)
    threading.Thread(
        target=_repeat,
        args=(lambda: reconcile_once(db, settings, owner), settings.reconcile_seconds),
        name="reconciler",
        daemon=True,
    ).start()


class StopProcesses(bootsteps.StartStopStep):
    """Passes a warm shutdown on: Celery itself would wait for every queued run.

    The pool is closed by then: it starts no process in the place of one that was still loading, and so ended at once.
    """

    requires = (Pool,)

    def close(self, _worker: object) -> None:
        """Tell every process to stop at its next boundary."""
        for child in active_children():
            if child.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, STOP_SIGNAL)


def _repeat(action: Callable[[], object], seconds: float) -> None:
    pause = threading.Event()
    while True:
        try:
            action()
        except StoreError as error:
            logger.warning("lapsed leases and lost hints wait %g s more: %s", seconds, error)
        except Exception:  # whatever it was, the next time may be better, and without it lost runs stay lost
            logger.exception("the reconciler failed; it tries again in %g s", seconds)
        pause.wait(seconds)
