"""The loop of a worker process: claim runs of one shape, train them together, record, refill, until none is queued."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ltd_core.lazy import torch
from worker.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from ltd_core.spec import RunSpec
    from services.runs.lifecycle import Claim, Lease
    from worker.journal import Journal
    from worker.keeper import LeaseKeeper

logger = logging.getLogger(__name__)

REFILL_SECONDS = 1.0
"""How often free lanes are offered to runs that were queued since."""
RETRY_SECONDS = 0.5


class Drain:
    """Trains queued runs on one device; keeps the last pack for the next runs of its shape."""

    def __init__(
        self, journal: Journal, keeper: LeaseKeeper, device: str, lanes_for: Callable[[RunSpec], int], stop: Event
    ) -> None:
        self._journal, self._keeper = journal, keeper
        self._device, self._wanted, self._stop = device, lanes_for, stop
        self._crew: Crew | None = None
        self._limits: dict[str, int] = {}  # lanes by shape, after a failure

    def run(self) -> None:
        """Work until no run can be claimed, or the process is told to stop."""
        try:
            while not self._stop.is_set() and (claims := self._claim()):
                self._train(claims)
        finally:
            self._keeper.drop_all()  # nothing is held here, unless something unforeseen was raised

    def _claim(self) -> list[Claim]:
        """Claim the run that has waited longest, and others of its shape, as many as train well together."""
        claims = self._journal.claim(1)
        if claims:
            spec = claims[0].spec
            claims += self._journal.claim(self._lanes_for(spec) - 1, spec.shape_key)
        return claims

    def _lanes_for(self, spec: RunSpec) -> int:
        return self._limits.get(spec.shape_key) or self._wanted(spec)

    def _train(self, claims: list[Claim]) -> None:
        """Train until every lane is free and every block stored; a failure of the engine ends it early."""
        spec = claims[0].spec
        try:
            crew = self._crew_for(spec)
        except Exception as error:  # noqa: BLE001 - too many lanes for the memory, say
            self._blame(spec, [claim.lease for claim in claims], error)
            return
        self._load(crew, claims)
        offered = time.monotonic()
        while crew.leases or self._journal.waiting:
            try:
                made = crew.advance()
            except torch.AcceleratorError:  # this process can never use its device again
                logger.exception("the device failed: the process ends, its leases lapse")
                raise SystemExit(1) from None
            except Exception as error:  # noqa: BLE001 - whatever it is, other runs must go on
                self._blame(spec, crew.leases, error)
                return
            self._keeper.beat()
            crew.remove(self._journal.record(made))
            if self._stop.is_set():
                self._journal.release(crew.leases)
                crew.remove([lease.run_id for lease in crew.leases])
                return
            ended = any(progress.outcome for _, progress in made)
            if crew.free and (ended or time.monotonic() - offered > REFILL_SECONDS):
                self._load(crew, self._journal.claim(crew.free, crew.shape_key))
                offered = time.monotonic()
            if not crew.leases and self._journal.waiting:
                self._stop.wait(RETRY_SECONDS)

    def _crew_for(self, spec: RunSpec) -> Crew:
        lanes = self._lanes_for(spec)
        if self._crew is None or (self._crew.shape_key, self._crew.lanes) != (spec.shape_key, lanes):
            self._crew = None  # gives its memory back first
            self._crew = Crew(spec, lanes, self._device)
        return self._crew

    def _load(self, crew: Crew, claims: list[Claim]) -> None:
        for claim in claims:
            try:
                crew.load(claim)
            except Exception as error:  # noqa: BLE001 - a damaged state concerns one run
                self._journal.fail(claim.lease, error)

    def _blame(self, spec: RunSpec, leases: list[Lease], error: Exception) -> None:
        """Let runs that failed together try again in fewer lanes; one that fails alone is failed."""
        self._crew = None
        if self._lanes_for(spec) > 1:
            self._limits[spec.shape_key] = max(len(leases) // 2, 1)
            logger.warning("%d runs failed together, fewer try again", len(leases), exc_info=error)
            self._journal.release(leases)
            return
        self._limits.pop(spec.shape_key, None)
        for lease in leases:
            self._journal.fail(lease, error)
