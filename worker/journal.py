"""Writes a worker process's progress to the store, and survives outages of the store.

Every write is fenced: it names the lease's epoch, which each claim increments, and the store ignores it if the run has
been claimed again since. A process that was frozen, or cut off from the database, may therefore write at any time
without overwriting its successor; the answer LOST tells it to stop training that run. A step that is stored already is
not stored again: repeating a write whose answer was lost does no harm, but the run counts as LOST, and trains on after
its next claim.

While the store is away, `record` keeps progress in memory, in order, and training goes on. It does so for no longer
than `abandon_seconds` after the last renewal of the lease, as the keeper measures it: that is shorter than
`lease_seconds`, so this process drops the run before another one may claim it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from services.errors import StoreError
from services.runs import lifecycle, turns
from services.runs.lifecycle import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ltd_core.outcome import Progress
    from services.database.engine import Database
    from services.runs.lifecycle import Claim, Lease
    from services.settings import Settings
    from worker.keeper import LeaseKeeper

    Item = tuple[Lease, Progress]

logger = logging.getLogger(__name__)


class Journal:
    """Claims, records and releases runs for one process."""

    def __init__(self, db: Database, keeper: LeaseKeeper, settings: Settings, owner: str) -> None:
        self._db, self._keeper, self._settings, self._owner = db, keeper, settings, owner
        self._waiting: list[Item] = []

    @property
    def waiting(self) -> bool:
        """Whether some progress is not stored yet."""
        return bool(self._waiting)

    def overlooked(self) -> list[str]:
        """Return the posts that wait while nothing of them is in training; none while the store is away."""
        try:
            return turns.overlooked(self._db)
        except StoreError as error:
            logger.warning("the queue could not be read: %s", error)
            return []

    def claim(self, limit: int, **only: str) -> list[Claim]:
        """Claim up to `limit` queued runs of one shape; none while the store is away."""
        since = time.monotonic()  # before the statement: the lease lasts at least as long as is assumed here
        try:
            lease_seconds = self._settings.lease_seconds
            claims = lifecycle.claim(self._db, self._owner, limit, lease_seconds=lease_seconds, **only)
        except StoreError as error:
            logger.warning("no runs could be claimed: %s", error)
            return []
        self._keeper.hold([claim.lease for claim in claims], since)
        return claims

    def record(self, items: Sequence[Item]) -> set[str]:
        """Store progress in one transaction; return the runs to take out of their lanes: lost, ended or cancelled.

        A run whose progress cannot be stored, though the store works, is failed and counts as lost.
        """
        self._waiting += items
        verdicts = self._keeper.verdicts()
        lost = {lease for lease, verdict in verdicts if verdict is Recorded.LOST}
        self._waiting = [item for item in self._waiting if item[0] not in lost]
        stored = self._store()
        lost |= {lease for lease, _, answer in stored if answer is Recorded.LOST}
        ended = {lease for lease, progress, _ in stored if progress.outcome}
        cancelled = {lease for lease, verdict in verdicts if verdict is Recorded.CANCEL}
        cancelled = (cancelled | {lease for lease, _, answer in stored if answer is Recorded.CANCEL}) - lost - ended
        for lease in lost:
            logger.warning("run %s is no longer held by this process", lease.run_id)
        self.release(
            lost
        )  # a lease that was merely abandoned is still the newest: the run is queued again; else this does nothing
        for lease in cancelled:
            self._try(lifecycle.finish_cancel, lease)
        stopped = lost | ended | cancelled
        self._keeper.drop(stopped)
        return {lease.run_id for lease in stopped}

    def release(self, leases: Iterable[Lease]) -> None:
        """Queue runs again, without counting an attempt."""
        leases = list(leases)
        self._keeper.drop(leases)
        if leases:
            self._try(lifecycle.release, leases)

    def fail(self, lease: Lease, error: Exception) -> None:
        """Fail a run that cannot be trained or stored."""
        logger.error("run %s failed", lease.run_id, exc_info=error)
        self._keeper.drop([lease])
        self._try(lifecycle.fail, lease, f"{type(error).__name__}: {error}")

    def _store(self) -> list[tuple[Lease, Progress, Recorded]]:
        items, self._waiting = self._waiting, []
        if not items:
            return []
        try:
            answers = lifecycle.record(self._db, items)
        except StoreError as error:
            logger.warning("%d blocks wait for the store: %s", len(items), error)
            self._waiting = items
            return []
        except Exception:  # one run rolled back the transaction of all: find it
            logger.exception("a transaction of %d blocks failed; they are stored one by one", len(items))
            return self._store_singly(items)
        return [(lease, progress, answers[lease.run_id]) for lease, progress in items]

    def _store_singly(self, items: Sequence[Item]) -> list[tuple[Lease, Progress, Recorded]]:
        stored = []
        for lease, progress in items:
            try:
                answer = lifecycle.record(self._db, [(lease, progress)])[lease.run_id]
            except StoreError:
                self._waiting.append((lease, progress))
                continue
            except Exception as error:  # noqa: BLE001 - this is the run that fails the transaction
                self.fail(lease, error)
                answer = Recorded.LOST
            stored.append((lease, progress, answer))
        return stored

    def _try(self, change: Callable[..., None], *values: object) -> None:
        """Change the store; if the store is away, the reconciler does the same once the lease has lapsed."""
        try:
            change(self._db, *values)
        except StoreError as error:
            logger.warning("the store is away, the reconciler will do this later: %s", error)
