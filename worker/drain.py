"""The loop of a worker process: claim runs of one shape, train them together, record, refill, until none is queued."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ltd_core.engine import lanes_for
from ltd_core.lazy import torch
from services.errors import StoreError
from worker.crew import Crew

if TYPE_CHECKING:
    import threading

    from ltd_core.spec import RunSpec
    from services.runs import Claim
    from worker.journal import Journal
    from worker.keeper import LeaseKeeper

logger = logging.getLogger(__name__)

REFILL_SECONDS = 1.0
"""How often free lanes are offered to runs that were queued since."""
RETRY_SECONDS = 0.5


class Drain:
    """Trains queued runs on one device; keeps the last pack for the next runs of its shape."""

    def __init__(self, journal: Journal, keeper: LeaseKeeper, device: str, lanes: int, stop: threading.Event) -> None:
        self._journal, self._keeper = journal, keeper
        self._device, self._lanes, self._stop = device, lanes, stop
        self._crew: Crew | None = None
        self._limits: dict[str, int] = {}  # by shape: fewer lanes, after a failure of several runs together

    def run(self) -> None:
        """Work until no run is queued, the store is away, or the process is told to stop."""
        while not self._stop.is_set():
            try:
                claims = self._claim()
            except StoreError as error:
                logger.warning("no runs could be claimed: %s", error)
                return
            if not claims:
                return
            self._train(self._crew_for(claims[0].spec), claims)

    def _claim(self) -> list[Claim]:
        """Claim the run that has waited longest, and others of its shape, as many as train well together."""
        claims = self._journal.claim(1)
        if claims:
            spec = claims[0].spec
            more = self._lanes_for(spec) - 1
            claims += self._journal.claim(more, spec.shape_key) if more else []
        return claims

    def _lanes_for(self, spec: RunSpec) -> int:
        return self._limits.get(spec.shape_key, self._lanes or lanes_for(spec, self._device))

    def _crew_for(self, spec: RunSpec) -> Crew:
        lanes = self._lanes_for(spec)
        if self._crew is None or (self._crew.shape_key, self._crew.lanes) != (spec.shape_key, lanes):
            self._crew = Crew(spec, lanes, self._device)
        return self._crew

    def _train(self, crew: Crew, claims: list[Claim]) -> None:
        """Train until every lane is free and every block stored; a failure of the engine ends it early."""
        self._load(crew, claims)
        offered = time.monotonic()
        while crew.leases or self._journal.waiting:
            try:
                made = crew.advance()
            except torch.AcceleratorError:  # the process can never use its device again
                logger.exception("the device failed: this process ends, its leases lapse")
                raise SystemExit(1) from None
            except Exception as error:  # noqa: BLE001 - whatever it is, other runs must go on
                self._blame(crew, error)
                return
            self._keeper.beat()
            crew.remove(self._journal.record(made))
            if self._stop.is_set():
                self._journal.release(crew.leases)
                crew.remove([lease.run_id for lease in crew.leases])
                return
            ended = any(progress.outcome for _, progress in made)
            if crew.free and (ended or time.monotonic() - offered > REFILL_SECONDS):
                self._refill(crew)
                offered = time.monotonic()
            if not crew.leases and self._journal.waiting:
                self._stop.wait(RETRY_SECONDS)

    def _refill(self, crew: Crew) -> None:
        try:
            self._load(crew, self._journal.claim(crew.free, crew.shape_key))
        except StoreError as error:
            logger.warning("free lanes stay free: %s", error)

    def _load(self, crew: Crew, claims: list[Claim]) -> None:
        for claim in claims:
            try:
                crew.load(claim)
            except Exception as error:  # noqa: BLE001 - a damaged state concerns one run
                self._journal.fail(claim.lease, error)

    def _blame(self, crew: Crew, error: Exception) -> None:
        """Fail the run that fails alone; let several try again with half the lanes, until the bad one is alone."""
        self._crew = None
        leases = crew.leases
        if len(leases) == 1:
            self._limits.pop(crew.shape_key, None)
            self._journal.fail(leases[0], error)
            return
        self._limits[crew.shape_key] = len(leases) // 2
        logger.warning("%d runs failed together, fewer try again: %s", len(leases), error, exc_info=error)
        self._journal.release(leases)
