"""The multiplication problem: remember two marked numbers among many, and answer with their product."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.lazy import torch
from ltd_core.problems.adding import draw_marked
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import Draws


class Multiplication(Problem):
    """Every step shows a number from U[0, 1) and a marker; one is marked in each half, their product is asked for."""

    formula: ClassVar[str] = (
        "target x_p1 x_p2, p1 in [0, L/2), p2 in [L/2, L); a constant answer has mean squared error 7/144"
    )
    source: ClassVar[str] = "Hochreiter and Schmidhuber 1997, task 5; places as in the adding problem"
    input_size: ClassVar[int] = 2
    output_size: ClassVar[int] = 1

    kind: Literal["multiplication"] = "multiplication"
    tolerance: Positive = Field(default=0.04, description="An answer is right when its absolute error is below this.")

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return (value, marker) pairs and the targets [K, B, 1]."""
        inputs, marked, starts = draw_marked(self, draws, batch_size)
        return Batch(inputs.to(dtype), (marked[:, 0] * marked[:, 1]).unsqueeze(-1).to(dtype), starts)
