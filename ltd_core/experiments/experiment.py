"""The common base of every experiment: a frozen specification whose digest is its identity."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from ltd_core.canonical import Canonical, canonical_json, shared_by_lanes, without_defaults
from ltd_core.fields import Whole
from ltd_core.picture import Picture
from ltd_core.trace import TraceInfo

LARGEST_SEED = 2**63 - 1


class RunSpec(Canonical):
    """What one run does, completely: equal specifications give equal numbers, and share one run."""

    summary: ClassVar[str] = ""

    experiment: str
    seed: Annotated[Whole, Field(ge=0, le=LARGEST_SEED)] = Field(default=0, description="Decides every random draw.")

    @classmethod
    def example(cls) -> dict[str, Any]:
        """Return a specification to post."""
        return cls.model_validate({}).full()

    @property
    @abstractmethod
    def steps(self) -> int:
        """Return the last step of the run's traces."""

    @property
    def operations(self) -> float:
        """Return how many multiplications and additions the run takes, about; 0 where nobody has estimated it."""
        return 0.0

    @property
    def time_steps(self) -> int:
        """Return how many time steps the run takes one after the other; 0 where nobody has counted them."""
        return 0

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain values."""
        return without_defaults(self)

    @cached_property
    def canonical(self) -> str:
        """Return the text of `canonical_json`, which a digest and a row both need."""
        return canonical_json(self.settings)

    def canonical_json(self) -> str:
        """Return sorted JSON without defaults: what the digest is made of, and what is stored."""
        return self.canonical

    @cached_property
    def digest(self) -> str:
        """Return the run's identity, 32 hexadecimal characters."""
        return _hash(self.canonical_json(), 16)

    @cached_property
    def shape_key(self) -> str:
        """Return 16 hexadecimal characters that runs share when they may train in one pack."""
        return _hash(canonical_json(shared_by_lanes(self)), 8)

    def full(self) -> dict[str, Any]:
        """Return the specification with every default written out."""
        return self.model_dump(mode="json")

    def seeded(self, seed: int) -> Self:
        """Return the same with another seed, which is in its range; nothing else of it depends on the seed."""
        apart = {name: value for name, value in self.settings.items() if name != "seed"}
        other = self.model_copy(update={"seed": seed})
        for cached in ("canonical", "digest", "shape_key"):
            other.__dict__.pop(cached, None)
        if "seed" in self.lane_fields:
            other.__dict__["shape_key"] = self.shape_key
        other.__dict__["settings"] = apart | ({"seed": seed} if seed else {})
        return other

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the declarations of the traces that the run leaves."""
        return ()

    def former_traces(self) -> dict[str, TraceInfo]:
        """Return what runs of former releases left instead of some of these, by the name of what they leave now."""
        return {}

    def known_traces(self) -> dict[str, TraceInfo]:
        """Return by name the declarations of all traces that a run may have left, in this or a former release."""
        return {info.name: info for info in (*self.traces(), *self.former_traces().values())}

    def pictures(self) -> tuple[Picture, ...]:
        """Return what to look at, the answer to the experiment's question first."""
        return ()


def _hash(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
