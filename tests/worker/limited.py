"""Drains a queue with little memory: `python limited.py DATABASE_URL MEGABYTES LANES`."""

from __future__ import annotations

import resource
import sys
import threading

import psutil

from ltd_core.lazy import torch
from services.database.engine import Database
from services.settings import Settings
from worker.drain import Drain
from worker.journal import Journal
from worker.keeper import LeaseKeeper


def main(url: str, megabytes: int, lanes: int) -> None:
    """Limit the address space to what is in use and so many megabytes, then work."""
    torch.set_num_threads(1)  # as a worker's process does
    torch.ones(64, 64) @ torch.ones(64, 64)
    settings = Settings(database_url=url)
    keeper = LeaseKeeper(Database(url), settings, lambda _: None)
    drain = Drain(
        Journal(Database(url), keeper, settings, "limited"), keeper, "cpu", lambda _: lanes, threading.Event()
    )
    limit = psutil.Process().memory_info().vms + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    drain.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
