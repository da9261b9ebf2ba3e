"""The common base of every experiment: a frozen specification whose digest is its identity."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field

from ltd_core.canonical import Canonical, Texts, joined
from ltd_core.fields import Whole

if TYPE_CHECKING:
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

    def canonical_json(self) -> str:
        """Return sorted JSON without defaults: what the digest is made of, and what is stored."""
        return self.texts.canonical

    @cached_property
    def digest(self) -> str:
        """Return the run's identity, 32 hexadecimal characters."""
        return _hash(self.canonical_json(), 16)

    @cached_property
    def shape_key(self) -> str:
        """Return 16 hexadecimal characters that runs share when they may train in one pack."""
        return _hash(self.texts.shape, 8)

    def full(self) -> dict[str, Any]:
        """Return the specification with every default written out."""
        return self.model_dump(mode="json")

    def full_json(self, seed: int) -> str:
        """Return the same as JSON, with another seed, which is in its range."""
        before, after = self._around_seed
        return f'{before.full},"seed":{seed}{after.full}'

    @cached_property
    def texts(self) -> Texts:
        """Return the texts, of which only the seed differs between runs that are alike."""
        before, after = self._around_seed
        said = f',"seed":{self.seed}' if self.seed else ""
        shared = "" if "seed" in self.lane_fields else said
        return Texts(
            f"{before.canonical}{said}{after.canonical}",
            f"{before.shape}{shared}{after.shape}",
            self.full_json(self.seed),
        )

    @cached_property
    def _around_seed(self) -> tuple[Texts, Texts]:
        """Return what stands before and behind the seed in each text; before it stands the experiment at least."""
        before, after = list[str](), list[str]()
        for said, place in zip(self.said(), _places_of_seed(type(self)), strict=True):
            before.append(f"{{{joined(said[:place])}")
            rest = joined(said[place + 1 :])
            after.append(f",{rest}}}" if rest else "}")
        return Texts(*before), Texts(*after)

    def seeded(self, seed: int) -> Self:
        """Return the same with another seed, which is in its range; nothing else of it depends on the seed."""
        around = self._around_seed
        made = self.model_copy(update={"seed": seed})
        for name in made.__dict__.keys() - type(self).model_fields.keys():  # what was kept of this one
            del made.__dict__[name]
        made.__dict__["_around_seed"] = around
        if "seed" in self.lane_fields:
            made.__dict__["shape_key"] = self.shape_key
        return made

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the declarations of the traces that the run leaves."""
        return ()


@cache
def _places_of_seed(model: type[RunSpec]) -> tuple[int, int, int]:
    """Return the place of the seed in each text; two of them are sorted."""
    names = list(model.model_fields)
    return sorted(names).index("seed"), sorted(names).index("seed"), names.index("seed")


def _hash(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()
