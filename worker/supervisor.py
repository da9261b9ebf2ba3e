"""The parent of the pool processes: runs the reconciler, and signals the processes at a warm shutdown.

The parent trains nothing, so the reconciler works while every process is busy or stuck. The parent of every worker
runs one; a lease in the database elects the one that acts (services.reconciler).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from billiard import active_children
from celery import bootsteps
from celery.signals import worker_init
from celery.worker.components import Pool

from services.database.engine import Database
from services.errors import StoreError
from services.reconciler import reconcile_once
from services.settings import Settings
from worker.process import STOP_SIGNAL

logger = logging.getLogger(__name__)


@worker_init.connect
def start_reconciler(**_: Any) -> None:
    """Start the reconciler in a daemon thread."""
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
    """Sends STOP_SIGNAL to the pool processes at a warm shutdown.

    Celery itself would wait for running tasks, which last until no run is queued. `requires = (Pool,)` has this step
    closed after the pool, which by then replaces no process that exits: one that is still loading has no handler for
    the signal yet, and is killed by it.
    """

    requires = (Pool,)

    def close(self, _worker: object) -> None:
        """Signal every pool process to stop at its next block boundary."""
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
            logger.warning("the reconciler tries again in %g s: %s", seconds, error)
        except Exception:  # it must go on: without it, lost runs stay lost
            logger.exception("the reconciler failed unexpectedly; it tries again in %g s", seconds)
        pause.wait(seconds)
