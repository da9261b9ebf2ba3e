"""Noiseless memorization: a pattern is shown, nothing follows for long, then a cue asks for the pattern."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import FieldError
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import Draws, one_hot

_SIZES = {"5_bits": (5, 2), "20_bits": (10, 5)}
"""Steps of the pattern, and kinds of symbols."""


class Memorization(Problem):
    """A pattern in the first P steps, blanks, a cue in step L - P + 1; the last P steps answer with the pattern."""

    formula: ClassVar[str] = (
        "P symbols of S kinds, uniform: P = 5 and S = 2, or P = 10 and S = 5 (23 bits, called 20); "
        "answers after the last P steps alone; guessing: ln S, 1 - 1/S error"
    )
    source: ClassVar[str] = (
        "Martens and Sutskever 2011; Jaeger 2012; steps as in Pascanu, Mikolov and Bengio 2013, the authors' code, "
        "which also asks for blanks before the cue"
    )

    kind: Literal["memorization"] = "memorization"
    size: Literal["5_bits", "20_bits"] = Field(
        default="5_bits", description="The pattern: five symbols of two kinds, or ten symbols of five kinds."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.shortest < 2 * self.answers:
            raise FieldError(
                "length",
                f"must be at least {2 * self.answers} with size {self.size!r}: "
                f"the pattern takes {self.answers} steps to be shown and {self.answers} to be answered",
            )
        return self

    @property
    def input_size(self) -> int:
        """Return the kinds of symbols, and blank and cue."""
        return self.output_size + 2

    @property
    def output_size(self) -> int:
        """Return S, the kinds of symbols."""
        return _SIZES[self.size][1]

    @property
    def answers(self) -> int:
        """Return P, the steps of the pattern."""
        return _SIZES[self.size][0]

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return one-hot symbols (S kinds, blank, cue) and the pattern, [K, P, B]."""
        longest, steps, kinds = self.longest, self.answers, self.output_size
        starts = longest - self.lengths(draws, 0)
        pattern = draws.integers(1, kinds, steps, batch_size)
        symbols = pattern.new_full((len(pattern), longest, batch_size), kinds)
        symbols[:, longest - steps] = kinds + 1
        places = starts.view(-1, 1, 1) + torch.arange(steps, device=pattern.device).view(1, -1, 1)
        symbols.scatter_(1, places.expand_as(pattern), pattern)
        return Batch(one_hot(symbols, self.input_size, dtype), pattern, starts)
