"""One process of the pool: setup, work, shutdown.

A process stops on two signals, both at the next block boundary, where the runs in its lanes are stored and queued again
without counting an attempt. STOP_SIGNAL comes from the parent at a warm shutdown; the parent ends the process
afterwards. SIGTERM comes from outside: the process exits by itself, and the pool starts another.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import uuid
from functools import partial
from types import FrameType
from typing import Any

from billiard import current_process
from celery.signals import worker_process_init

from ltd_core.engine import Calibration, Pack
from ltd_core.lazy import torch
from ltd_core.spec import RunSpec, parse_spec, register_text
from services.database.engine import Database
from services.settings import Settings
from services.workers import Worker, heartbeat
from worker.device import device_for
from worker.drain import Drain
from worker.journal import Journal
from worker.keeper import LeaseKeeper

logger = logging.getLogger(__name__)

STOP_SIGNAL = signal.SIGUSR2
"""Not SIGTERM: Billiard installs its own handler for that, which is replaced only while the task runs."""
_WARM_UP = {"problem": {"kind": "temporal_order", "length": 10}, "updates": 2, "evaluation": {"every": 0}}


class Process:
    """The database connections, lease keeper and training loop of one process."""

    def __init__(self, settings: Settings, index: int) -> None:
        self.stop = threading.Event()
        self._terminated = False
        self._device = device_for(settings.device, index)
        worker = Worker(
            id=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            host=socket.gethostname(),
            pid=os.getpid(),
            device=self._device,
            lanes=settings.lanes,
            started_at=time.time(),
        )
        keepers_db = Database(settings.database_url, impatient=True)
        self._keeper = LeaseKeeper(keepers_db, settings, partial(heartbeat, keepers_db, worker))
        journal = Journal(Database(settings.database_url, impatient=True), self._keeper, settings, worker.id)
        calibration = Calibration(settings.home / "calibration.json")

        def lanes_for(spec: RunSpec) -> int:
            return settings.lanes or calibration.lanes_for(spec, self._device)

        self._drain = Drain(journal, self._keeper, self._device, lanes_for, self.stop)

    def start(self) -> None:
        """Train a warm-up run, so that the first real one does not wait for torch to load, and start the keeper."""
        torch.set_num_threads(1)
        spec = parse_spec(_WARM_UP)
        pack = Pack(spec, 1, self._device)
        pack.load(0, spec)
        pack.advance()
        signal.signal(STOP_SIGNAL, self.on_signal)
        self._keeper.start()
        logger.info("process %d is ready on %s", os.getpid(), self._device)

    def work(self) -> None:
        """Train queued runs until there are none; on SIGTERM, exit at the next block boundary."""
        previous = signal.signal(signal.SIGTERM, self.on_signal)
        try:
            self._drain.run()
        finally:
            signal.signal(signal.SIGTERM, previous)
        if self._terminated:
            raise SystemExit(0)

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Stop claiming; release the runs in training at the next block boundary."""
        self._terminated = number == signal.SIGTERM
        self.stop.set()


started: list[Process] = []
"""Holds the `Process` of this operating-system process once Celery has started it."""


@worker_process_init.connect
def start(**_: Any) -> None:
    """Set up a pool process, before it takes its first task."""
    settings = Settings()
    for name, path in settings.text_files.items():
        register_text(name, path)
    process = Process(settings, getattr(current_process(), "index", 0))
    process.start()
    started.append(process)
