"""The training loop of a worker process: until no run is queued, claim runs of one shape and train them together.

Free lanes are refilled during training: at once when a run has ended, else every REFILL_SECONDS, since runs of this
shape may have been queued meanwhile. Runs of other shapes wait until the crew is empty, or for another process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event

from ltd_core.lazy import torch
from ltd_core.spec import RunSpec
from services.runs.lifecycle import Claim, Lease
from worker.crew import Crew
from worker.journal import Journal
from worker.keeper import LeaseKeeper

logger = logging.getLogger(__name__)

REFILL_SECONDS = 1.0
"""Interval between claims for lanes that are still free."""
RETRY_SECONDS = 0.5
"""Pause between attempts to store the last blocks while the store is away."""


class Drain:
    """Trains queued runs on one device; reuses the last pack for the next runs of the same shape."""

    def __init__(
        self, journal: Journal, keeper: LeaseKeeper, device: str, lanes_for: Callable[[RunSpec], int], stop: Event
    ) -> None:
        self._journal, self._keeper = journal, keeper
        self._device, self._wanted, self._stop = device, lanes_for, stop
        self._crew: Crew | None = None
        self._limits: dict[str, int] = {}  # lanes by shape, halved after a failure

    def run(self) -> None:
        """Claim and train until no run can be claimed or `stop` is set."""
        try:
            while not self._stop.is_set() and (claims := self._claim()):
                self._train(claims)
        finally:
            self._keeper.drop_all()  # empty already, unless an unexpected error was raised: then the leases lapse

    def _claim(self) -> list[Claim]:
        """Claim the oldest queued run, then others of its shape up to the calibrated number of lanes."""
        claims = self._journal.claim(1)
        if claims:
            spec = claims[0].spec
            claims += self._journal.claim(self._lanes_for(spec) - 1, spec.shape_key)
        return claims

    def _lanes_for(self, spec: RunSpec) -> int:
        return self._limits.get(spec.shape_key) or self._wanted(spec)

    def _train(self, claims: list[Claim]) -> None:
        """Train until every lane is free and every block is stored; returns early if the engine fails."""
        spec = claims[0].spec
        try:
            crew = self._crew_for(spec)
        except Exception as error:  # noqa: BLE001 - such as out of memory with so many lanes
            self._retry_smaller(spec, [claim.lease for claim in claims], error)
            return
        self._load(crew, claims)
        refilled = time.monotonic()
        while crew.leases or self._journal.waiting:
            try:
                advanced = crew.advance()
            except torch.AcceleratorError:  # a process cannot use its device again after such an error
                logger.exception("the device failed: this process exits and its leases lapse")
                raise SystemExit(1) from None
            except Exception as error:  # noqa: BLE001 - whatever it is, other runs must train on
                self._retry_smaller(spec, crew.leases, error)
                return
            self._keeper.beat()
            crew.remove(self._journal.record(advanced))
            if self._stop.is_set():
                self._journal.release(crew.leases)
                crew.remove([lease.run_id for lease in crew.leases])
                return
            ended = any(progress.outcome for _, progress in advanced)
            if crew.free and (ended or time.monotonic() - refilled > REFILL_SECONDS):
                self._load(crew, self._journal.claim(crew.free, crew.shape_key))
                refilled = time.monotonic()
            if not crew.leases and self._journal.waiting:
                self._stop.wait(RETRY_SECONDS)

    def _crew_for(self, spec: RunSpec) -> Crew:
        lanes = self._lanes_for(spec)
        if self._crew is None or (self._crew.shape_key, self._crew.lanes) != (spec.shape_key, lanes):
            self._crew = None  # frees its memory first
            self._crew = Crew(spec, lanes, self._device)
        return self._crew

    def _load(self, crew: Crew, claims: list[Claim]) -> None:
        for claim in claims:
            try:
                crew.load(claim)
            except Exception as error:  # noqa: BLE001 - a damaged state fails this run only
                self._journal.fail(claim.lease, error)

    def _retry_smaller(self, spec: RunSpec, leases: list[Lease], error: Exception) -> None:
        """Requeue runs that failed together, to train in half as many lanes; fail a run that failed alone."""
        self._crew = None
        if self._lanes_for(spec) > 1:
            self._limits[spec.shape_key] = max(len(leases) // 2, 1)
            logger.warning(
                "%d runs failed together; they are queued again, to train in fewer lanes", len(leases), exc_info=error
            )
            self._journal.release(leases)
            return
        self._limits.pop(spec.shape_key, None)
        for lease in leases:
            self._journal.fail(lease, error)
