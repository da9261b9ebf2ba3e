"""The Celery application of the workers: `celery -A worker.app worker`."""

from __future__ import annotations

from services.queue import celery_app
from services.settings import Settings
from worker.device import processes

START_SECONDS = 120.0  # a process loads torch and warms it before it reports itself alive

settings = Settings()
app = celery_app(settings)
app.conf.update(
    imports=("worker.tasks",),  # a spawned process has nothing but the configuration to find its tasks by
    worker_consumer="worker.consumer:Consumer",
    worker_pool="prefork",
    worker_pool_start_method="spawn",  # CUDA does not survive a fork
    worker_concurrency=processes(settings),
    worker_disable_prefetch=True,  # with prefetch 1, a hint still waits behind a busy process while another one idles
    worker_proc_alive_timeout=START_SECONDS,
    worker_enable_remote_control=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,  # running work outlives the broker
)
