"""Keeps the leases of one worker process, from a thread and with connections of its own."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.errors import StoreError
from services.runs import lifecycle
from services.runs.lifecycle import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.database.engine import Database
    from services.runs.lifecycle import Lease
    from services.settings import Settings

logger = logging.getLogger(__name__)

STALL_SECONDS = 300.0
"""How long one call of the engine may take until its loop counts as stuck; a block is about a second a lane."""
TICK_SECONDS = 1.0


@dataclass(slots=True)
class _Held:
    renewed: float  # monotonic, from before the statement that took or renewed the lease
    verdict: Recorded = Recorded.OK


class LeaseKeeper:
    """Renews leases while the training loop shows that it advances, and learns which were lost or cancelled."""

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
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self) -> None:
        """Say that the training loop advances."""
        self._beat = time.monotonic()

    def hold(self, leases: Iterable[Lease], since: float) -> None:
        """Keep leases that were taken at `since` (monotonic) or later."""
        self.beat()
        with self._lock:
            self._held.update({lease: _Held(since) for lease in leases})

    def drop(self, leases: Iterable[Lease]) -> None:
        """Keep these no longer."""
        with self._lock:
            for lease in leases:
                self._held.pop(lease, None)

    def drop_all(self) -> None:
        """Keep nothing: what was held lapses."""
        with self._lock:
            self._held.clear()

    def verdicts(self) -> list[tuple[Lease, Recorded]]:
        """Return what is known of each lease: one that could not be renewed for `abandon_seconds` is LOST."""
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
            except StoreError as error:  # tried again at the next tick
                logger.warning("leases could not be renewed: %s", error)
            except Exception:  # a dead keeper would cost the process every run it takes
                logger.exception("leases could not be renewed")

    def _renew(self) -> None:
        now = time.monotonic()
        with self._lock:
            leases = list(self._held)
        if now - self._beat > STALL_SECONDS and leases:
            logger.error(
                "the training loop has not advanced for %.0f s: its leases are left to lapse", now - self._beat
            )
            return
        answers = lifecycle.renew(self._db, leases, self._settings.lease_seconds) if leases else {}
        with self._lock:
            for lease in leases:
                held = self._held.get(lease)
                if held is not None:
                    held.verdict, held.renewed = answers[lease.run_id], now
        self._heartbeat([lease.run_id for lease in leases])
