"""A pack of lanes, and which run trains in which lane."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from ltd_core.engine import pack_for
from ltd_core.outcome import Progress
from ltd_core.spec import RunSpec
from services.runs.lifecycle import Claim, Lease


class Crew:
    """A pack with the lease of the run in each of its lanes.

    All runs of a crew have one shape, so one pack trains them side by side; a lane's numbers do not depend on its
    neighbors. Runs enter and leave lanes at block boundaries, while the other lanes train on.
    """

    def __init__(self, spec: RunSpec, lanes: int, device: str) -> None:
        self.spec, self.shape_key, self.lanes = spec, spec.shape_key, lanes
        self._pack = pack_for(spec, lanes, device)
        self._leases: dict[int, Lease] = {}
        self.seconds = 0.0
        """Of training, by which crews of one process take turns."""
        self.within_block = False
        """Whether its runs have trained beyond what they handed over."""

    @property
    def leases(self) -> list[Lease]:
        """Return the leases of the runs in training."""
        return list(self._leases.values())

    @property
    def free(self) -> int:
        """Return the number of free lanes."""
        return self.lanes - len(self._leases)

    def load(self, claim: Claim) -> None:
        """Load a run into a free lane, at the step of its stored state."""
        lane = next(lane for lane in range(self.lanes) if lane not in self._leases)
        self._pack.load(lane, claim.spec, claim.state)
        self._leases[lane] = claim.lease

    def advance(self, seconds: float = math.inf) -> list[tuple[Lease, Progress]]:
        """Train up to the next block boundary of any run, about so long; frees the lanes of the runs that ended."""
        begun = time.monotonic()
        advanced = self._pack.advance(seconds)
        self.seconds += time.monotonic() - begun
        self.within_block = not advanced
        items = [(self._leases[lane], progress) for lane, progress in advanced.items()]
        for lane, progress in advanced.items():
            if progress.outcome:
                del self._leases[lane]
        return items

    def remove(self, run_ids: Iterable[str]) -> None:
        """Free the lanes of these runs, without a result."""
        removed = set(run_ids)
        for lane in [lane for lane, lease in self._leases.items() if lease.run_id in removed]:
            self._pack.clear(lane)
            del self._leases[lane]
