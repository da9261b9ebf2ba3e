"""The worker: `celery -A worker.app worker` claims runs, trains them in lanes, records their results."""
