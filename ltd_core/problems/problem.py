"""What a problem is: sequences drawn without state, read out at the last step or steps."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Discriminator, Field, Tag

from ltd_core.fields import Whole
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from ltd_core.randomness import Draws

LONGEST = 10_000

Steps = Annotated[Whole, Field(ge=10, le=LONGEST)]


def _ordered(value: int | tuple[int, int]) -> int | tuple[int, int]:
    if isinstance(value, int):
        return value
    low, high = value
    if low > high:
        msg = f"must be [shortest, longest] with shortest at most longest, not [{low}, {high}]"
        raise ValueError(msg)
    return low if low == high else value


def _form(value: object) -> str:
    return "range" if isinstance(value, list | tuple) else "number"


Length = Annotated[
    Annotated[Steps, Tag("number")] | Annotated[tuple[Steps, Steps], Tag("range")],
    Discriminator(_form),
    AfterValidator(_ordered),
]


@dataclass(frozen=True, slots=True)
class Batch:
    """One minibatch a lane: inputs [K, T, B, I]; targets; each lane's first step, [K].

    Targets are classes, [K, R, B], or numbers, [K, R, B, O], of the last R steps; R is left out where it is 1.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    starts: torch.Tensor


class Problem(Mechanism):
    """A source of sequences; all of a minibatch have one length and end at the last of T = `longest` steps."""

    input_size: ClassVar[int]
    output_size: ClassVar[int]

    length: Length = Field(
        default=100,
        description="Sequence length in time steps, or [shortest, longest]: drawn anew for every minibatch.",
    )

    @property
    def shortest(self) -> int:
        """Return the smallest length."""
        return self.length if isinstance(self.length, int) else self.length[0]

    @property
    def longest(self) -> int:
        """Return T, the largest length."""
        return self.length if isinstance(self.length, int) else self.length[1]

    def lengths(self, draws: Draws, draw: int) -> torch.Tensor:
        """Return each lane's length of this minibatch, [K]."""
        return self.shortest + draws.integers(draw, self.longest - self.shortest + 1, 1).view(-1)

    @property
    def answers(self) -> int:
        """Return R, the number of last steps after which the network answers."""
        return 1

    @property
    def scored(self) -> int:
        """Return how many of the last answers count for the error rate."""
        return self.answers

    def draw_fresh(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return sequences to evaluate on: of a finite data set, those that are held out."""
        return self.draw(draws, batch_size, dtype)

    @abstractmethod
    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return the minibatch that the draws determine."""

    @property
    def right_within(self) -> float | None:
        """Return how near to the target every number of a right answer is; None where answers are classes."""
        return None
