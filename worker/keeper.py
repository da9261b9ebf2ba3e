"""Renews the leases of one worker process from a thread of its own.

A lease is renewed while three things hold: its holder trains, the store answers, and the training loop advances.

* The thread, and its own database connection, keep leases alive while one call of the engine takes long.
* `beat` is called after every block. Without a beat for STALL_SECONDS the loop counts as stuck, the keeper stops
  renewing, and the leases lapse in the store: a stuck process loses its runs to a working one.
* Each renewal is dated by this process's monotonic clock, read before the statement. A lease not renewed for
  `abandon_seconds` (shorter than `lease_seconds`) is LOST here before it can lapse in the store, so two processes never
  both believe that they hold it, whatever their wall clocks say. Should they write all the same, the epoch fences them.

The keeper decides nothing: the training loop asks for `verdicts` when it records, and acts on them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.database.engine import Database
from services.errors import StoreError
from services.runs import lifecycle
from services.runs.lifecycle import Lease, Recorded
from services.settings import Settings

logger = logging.getLogger(__name__)

STALL_SECONDS = 300.0
"""The longest time between beats before the training loop counts as stuck; a block takes about a second per lane."""
TICK_SECONDS = 1.0


@dataclass(slots=True)
class _Held:
    renewed: float  # monotonic time just before the statement that claimed or renewed the lease
    verdict: Recorded = Recorded.OK


class LeaseKeeper:
    """Renews leases while the training loop advances, and learns which were lost and which runs to cancel."""

    def __init__(self, db: Database, settings: Settings, heartbeat: Callable[[list[str]], None]) -> None:
        self._db, self._settings, self._heartbeat = db, settings, heartbeat
        self._lock = threading.Lock()
        self._held: dict[Lease, _Held] = {}
        self._stop = threading.Event()
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self) -> None:
        """Note that the training loop has advanced."""
        self._beat = time.monotonic()

    def hold(self, leases: Iterable[Lease], since: float) -> None:
        """Start to renew leases that were claimed at `since` (monotonic) or later."""
        self.beat()
        with self._lock:
            self._held.update({lease: _Held(since) for lease in leases})

    def drop(self, leases: Iterable[Lease]) -> None:
        """Stop renewing these."""
        with self._lock:
            for lease in leases:
                self._held.pop(lease, None)

    def drop_all(self) -> None:
        """Stop renewing all: they lapse in the store."""
        with self._lock:
            self._held.clear()

    def verdicts(self) -> list[tuple[Lease, Recorded]]:
        """Return each lease's verdict at its last renewal; LOST if that was over `abandon_seconds` ago."""
        oldest = time.monotonic() - self._settings.abandon_seconds
        with self._lock:
            return [
                (lease, held.verdict if held.renewed > oldest else Recorded.LOST) for lease, held in self._held.items()
            ]

    def _run(self) -> None:
        seconds = self._settings.renew_seconds
        due = time.monotonic()
        while not self._stop.wait(min(TICK_SECONDS, seconds / 4)):
            if time.monotonic() < due:
                continue
            try:
                self._renew()
                due = time.monotonic() + seconds
            except StoreError as error:  # retried at the next tick
                logger.warning("leases could not be renewed: %s", error)
            except Exception:  # without this thread, every later lease of the process would lapse
                logger.exception("leases could not be renewed")

    def _renew(self) -> None:
        now = time.monotonic()
        with self._lock:
            leases = list(self._held)
        if now - self._beat > STALL_SECONDS and leases:
            logger.error(
                "the training loop has not advanced for %.0f s: its leases are no longer renewed", now - self._beat
            )
            return
        answers = lifecycle.renew(self._db, leases, self._settings.lease_seconds) if leases else {}
        with self._lock:
            for lease in leases:
                held = self._held.get(lease)
                if held is not None:
                    held.verdict, held.renewed = answers[lease.run_id], now
        self._heartbeat([lease.run_id for lease in leases])
