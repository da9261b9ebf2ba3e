"""The base class of problems: they draw sequences from random numbers alone, without state."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationInfo

from ltd_core.fields import Whole
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism
from ltd_core.randomness import Draws

LONGEST = 10_000

Steps = Annotated[Whole, Field(ge=10, le=LONGEST)]


def _ordered(value: int | tuple[int, int]) -> int | tuple[int, int]:
    if isinstance(value, int):
        return value
    low, high = value
    if low > high:
        raise ValueError(f"must be [shortest, longest] with shortest at most longest, not [{low}, {high}]")
    return low if low == high else value


def _form(value: object) -> str:
    return "range" if isinstance(value, list | tuple) else "number"


Length = Annotated[
    Annotated[Steps, Tag("number")] | Annotated[tuple[Steps, Steps], Tag("range")],
    Discriminator(_form),
    AfterValidator(_ordered),
]


def _one(value: object) -> object:
    if isinstance(value, list | tuple):
        msg = "must be one number, not a range: every step is answered, so all sequences are of one length"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a field problem
    return value


OneLength = Annotated[Whole, Field(ge=1, le=LONGEST), BeforeValidator(_one)]
"""A length for problems that have no range of them."""
TwoSteps = Annotated[Whole, Field(ge=2, le=LONGEST), BeforeValidator(_one)]
"""The same where a sequence is as long: one step is none for a recurrence."""


def stored(info: ValidationInfo) -> bool:
    """Return whether a specification was accepted before: then it can be read wherever it cannot be trained."""
    return bool((info.context or {}).get("stored"))


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

    length: Length = Field(
        default=100,
        description="Sequence length in time steps, or [shortest, longest]: drawn anew for every minibatch.",
    )

    @property
    @abstractmethod
    def input_size(self) -> int:
        """Return I, the numbers that enter at each step; a class variable will do."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """Return O, the classes or the numbers of an answer; a class variable will do."""

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
        """Return how near to the target every number of a right answer is: the `tolerance`; None of classes."""
        tolerance: float | None = getattr(self, "tolerance", None)
        return tolerance
