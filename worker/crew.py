"""The runs that train together: which lease holds which lane of a pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.engine import pack_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ltd_core.outcome import Progress
    from ltd_core.spec import RunSpec
    from services.runs.lifecycle import Claim, Lease


class Crew:
    """A pack, and the lease of the run in each of its lanes."""

    def __init__(self, spec: RunSpec, lanes: int, device: str) -> None:
        self.shape_key, self.lanes = spec.shape_key, lanes
        self._pack = pack_for(spec, lanes, device)
        self._leases: dict[int, Lease] = {}

    @property
    def leases(self) -> list[Lease]:
        """Return the leases of the runs in the lanes."""
        return list(self._leases.values())

    @property
    def free(self) -> int:
        """Return the number of free lanes."""
        return self.lanes - len(self._leases)

    def load(self, claim: Claim) -> None:
        """Put a run into a free lane, at the step it had reached."""
        lane = next(lane for lane in range(self.lanes) if lane not in self._leases)
        self._pack.load(lane, claim.spec, claim.state)
        self._leases[lane] = claim.lease

    def advance(self) -> list[tuple[Lease, Progress]]:
        """Train up to the next boundary of any run; a run that ended has left its lane."""
        made = self._pack.advance()
        items = [(self._leases[lane], progress) for lane, progress in made.items()]
        for lane, progress in made.items():
            if progress.outcome:
                del self._leases[lane]
        return items

    def remove(self, run_ids: Iterable[str]) -> None:
        """Take runs out of their lanes."""
        gone = set(run_ids)
        for lane in [lane for lane, lease in self._leases.items() if lease.run_id in gone]:
            self._pack.clear(lane)
            del self._leases[lane]
