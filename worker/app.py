"""The Celery application of the workers: `celery -A worker.app worker`."""

from __future__ import annotations

from services.queue import celery_app
from services.settings import Settings
from worker.device import processes

START_SECONDS = 120.0
"""Timeout for a pool process to report itself alive: it first imports torch and trains a warm-up run."""

settings = Settings()
app = celery_app(settings)
app.conf.update(
    imports=("worker.tasks",),  # a spawned process finds its tasks through the configuration alone
    worker_consumer="worker.consumer:Consumer",
    worker_pool="prefork",
    worker_pool_start_method="spawn",  # CUDA does not survive a fork
    worker_concurrency=processes(settings),
    # A task lasts as long as runs are queued: hours. Even with a prefetch multiplier of 1, Celery reserves one more
    # message per process, and that hint would wait for hours while other workers idle. Without prefetching, a message
    # stays in the broker until a process is free to take it.
    worker_disable_prefetch=True,
    worker_proc_alive_timeout=START_SECONDS,
    worker_enable_remote_control=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,  # training goes on while the broker is away
)
