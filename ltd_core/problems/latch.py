"""The two-class latch: a class is shown at the beginning, and noise must not wipe it out."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Real, Whole
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import Draws

_TARGET = 0.8


class Latch(Problem):
    """The first steps show a class, 1 or -1, the others Gaussian noise; the answer is a number of the class's sign.

    The answer is right when it is off by less than 0.8: when its sign is right, unless it is beyond 1.6.
    """

    formula: ClassVar[str] = (
        "c uniform in {-1, 1}; x_t = c for t <= n, then noise N(0, 1); target 0.8 c; "
        "a constant answer has mean squared error 0.64 and is wrong half of the time or more"
    )
    source: ClassVar[str] = "Bengio, Simard and Frasconi 1994; the first inputs are given here, not learned"
    input_size: ClassVar[int] = 1
    output_size: ClassVar[int] = 1

    kind: Literal["latch"] = "latch"
    noise: Annotated[Real, Field(ge=0)] = Field(
        default=0.2, description="Standard deviation of the inputs after the first steps."
    )
    shown: Annotated[Whole, Field(ge=1, le=9)] = Field(
        default=3, description="n, the number of first steps that show the class."
    )

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return the inputs [K, T, B, 1] and the targets, 0.8 or -0.8, [K, B, 1]."""
        longest, starts = self.longest, self.longest - self.lengths(draws, 0)
        sign = 2.0 * draws.integers(1, 2, batch_size).to(torch.float64) - 1.0
        noise = self.noise * draws.normal(2, longest, batch_size)
        early = torch.arange(longest, device=starts.device) < (starts + self.shown).unsqueeze(1)  # [K, T]
        inputs = torch.where(early.unsqueeze(-1), sign.unsqueeze(1), noise)
        return Batch(inputs.unsqueeze(-1).to(dtype), (_TARGET * sign).unsqueeze(-1).to(dtype), starts)

    @property
    def right_within(self) -> float:
        """Return the targets' distance from zero: the sign decides."""
        return _TARGET
