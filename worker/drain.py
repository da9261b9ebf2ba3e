"""The training loop of a worker process: until no run is queued, claim runs of one shape and train them together.

The main crew holds as many runs of one shape as train best together. Its free lanes are refilled during training: at
once when a run has ended, else every LOOK_SECONDS, since runs of this shape may have been queued meanwhile.

A post of which nothing is in training anywhere does not wait for the main crew to be empty, which may take days: a few
of its runs train beside, in a small crew of their own. Crews take turns on the device, by the seconds they have had.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from threading import Event

from ltd_core.lazy import torch
from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec
from services.runs.lifecycle import Claim, Lease
from worker.crew import Crew
from worker.journal import Journal
from worker.keeper import LeaseKeeper

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between looks at the queue for free lanes and for posts that wait; a crew trains no longer without a pause."""
RETRY_SECONDS = 0.5
"""Pause between attempts to store the last blocks while the store is away."""
MOST_BESIDE, LANES_BESIDE = 3, 4
"""Crews beside the main one, and their lanes: the main crew keeps a quarter of the time."""


class Drain:
    """Trains queued runs on one device; reuses the last pack for the next runs of the same shape."""

    def __init__(
        self, journal: Journal, keeper: LeaseKeeper, device: str, lanes_for: Callable[[RunSpec], int], stop: Event
    ) -> None:
        self._journal, self._keeper = journal, keeper
        self._device, self._wanted, self._stop = device, lanes_for, stop
        self._main: Crew | None = None
        self._beside: list[Crew] = []
        self._most_beside = MOST_BESIDE
        self._looked = 0.0
        self._limits: dict[str, int] = {}  # lanes by shape, halved after a failure

    @property
    def _training(self) -> list[Crew]:
        return [crew for crew in (self._main, *self._beside) if crew and crew.leases]

    def run(self) -> None:
        """Claim and train until no run can be claimed or `stop` is set."""
        self._most_beside = MOST_BESIDE
        try:
            while not self._stop.is_set():
                due = not self._training or time.monotonic() - self._looked > LOOK_SECONDS
                found = due and self._look()
                if crews := self._training:
                    self._train(min(crews, key=lambda crew: crew.seconds))
                elif self._journal.waiting:
                    self._stop.wait(RETRY_SECONDS)
                    self._record([])
                elif not found:
                    return
            self._give_back()
        finally:
            self._keeper.drop_all()  # empty already, unless an unexpected error was raised: then the leases lapse

    def _look(self) -> bool:
        """Fill the main crew, then train beside it what is overlooked; return whether another main crew was claimed."""
        self._looked = time.monotonic()
        self._beside = [crew for crew in self._beside if crew.leases]
        found = False
        if self._main and self._main.leases:
            self._refill(self._main)
        else:
            found = self._begin()
        if self._main and self._main.leases and len(self._beside) < self._most_beside:
            self._begin_beside()
        return found

    def _refill(self, crew: Crew) -> None:
        if crew.free:
            self._load(crew, self._journal.claim(crew.free, shape_key=crew.shape_key))

    def _begin(self) -> bool:
        """Claim the run whose turn it is, then others of its shape up to the calibrated number of lanes."""
        claims = self._journal.claim(1)
        if not claims:
            return False
        spec = claims[0].spec
        lanes = self._lanes_for(spec)
        claims += self._journal.claim(lanes - 1, shape_key=spec.shape_key)
        if not self._main or (self._main.shape_key, self._main.lanes) != (spec.shape_key, lanes):
            self._main = None  # frees its memory first
            self._main = self._made(spec, lanes, claims)
        if self._main:
            self._enter(self._main, claims)
        return True

    def _begin_beside(self) -> None:
        """Claim some runs of the first post of which nothing is in training."""
        for post in self._journal.overlooked():
            if claims := self._journal.claim(LANES_BESIDE, post=post):
                lanes = min(len(claims), self._limits.get(claims[0].spec.shape_key, LANES_BESIDE))
                self._journal.release([claim.lease for claim in claims[lanes:]])
                if crew := self._made(claims[0].spec, lanes, claims[:lanes]):
                    self._beside.append(crew)
                    self._enter(crew, claims[:lanes])
                return

    def _enter(self, crew: Crew, claims: list[Claim]) -> None:
        """Load runs into an empty crew, which has had as much time as the one that had the least."""
        crew.seconds = min((other.seconds for other in self._training), default=0.0)
        self._load(crew, claims)

    def _lanes_for(self, spec: RunSpec) -> int:
        return self._limits.get(spec.shape_key) or self._wanted(spec)

    def _train(self, crew: Crew, seconds: float = LOOK_SECONDS) -> None:
        """Train a crew for a while and store what it reached."""
        try:
            advanced = crew.advance(seconds)
        except torch.AcceleratorError:  # a process cannot use its device again after such an error
            logger.exception("the device failed: this process exits and its leases lapse")
            raise SystemExit(1) from None
        except Exception as error:  # noqa: BLE001 - whatever it is, other runs must train on
            self._drop(crew)
            self._retry_smaller(crew.spec, crew.leases, error)
            return
        self._keeper.beat()
        self._record(advanced)
        if crew is self._main and not self._stop.is_set() and any(progress.outcome for _, progress in advanced):
            self._refill(crew)

    def _record(self, advanced: list[tuple[Lease, Progress]]) -> None:
        gone = self._journal.record(advanced)
        for crew in self._training:
            crew.remove(gone)

    def _give_back(self) -> None:
        """Queue the runs in training again, each crew at its next block boundary."""
        for crew in self._training:
            if crew.within_block:
                self._train(crew, math.inf)
            leases = crew.leases
            self._journal.release(leases)
            crew.remove([lease.run_id for lease in leases])

    def _drop(self, crew: Crew) -> None:
        if crew is self._main:
            self._main = None
        self._beside = [other for other in self._beside if other is not crew]

    def _made(self, spec: RunSpec, lanes: int, claims: list[Claim]) -> Crew | None:
        """Return a new crew; None where the engine fails."""
        try:
            return Crew(spec, lanes, self._device)
        except Exception as error:  # noqa: BLE001 - such as out of memory with so many lanes
            self._retry_smaller(spec, [claim.lease for claim in claims], error)
            return None

    def _load(self, crew: Crew, claims: list[Claim]) -> None:
        for claim in claims:
            try:
                crew.load(claim)
            except Exception as error:  # noqa: BLE001 - a damaged state fails this run only
                self._journal.fail(claim.lease, error)

    def _retry_smaller(self, spec: RunSpec, leases: list[Lease], error: Exception) -> None:
        """Requeue runs that failed together, to train in half as many lanes; fail a run that failed alone.

        What found no memory beside other crews, an idle one among them, is no fault of its own: from then on one crew
        trains at a time.
        """
        if (self._main or self._beside) and _is_want_of_memory(error):
            self._most_beside = 0
            self._main = self._main if self._main and self._main.leases else None
            self._beside = [crew for crew in self._beside if crew.leases]
            self._journal.release(leases)
            return
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


def _is_want_of_memory(error: Exception) -> bool:
    """Say whether there was no memory; on a CPU torch raises a RuntimeError that its words alone tell apart."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
