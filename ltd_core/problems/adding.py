"""The adding problem: remember two marked numbers among many, and answer with their sum."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import Draws


class Adding(Problem):
    """Every step shows a number from U[0, 1) and a marker; one is marked in each half, their sum is asked for."""

    formula: ClassVar[str] = (
        "target x_p1 + x_p2 (or their mean), p1 in [0, L/2), p2 in [L/2, L); "
        "a constant answer has mean squared error 1/6 (1/24)"
    )
    source: ClassVar[str] = "Hochreiter and Schmidhuber 1997, task 4; in the form of Le, Jaitly and Hinton 2015"
    input_size: ClassVar[int] = 2
    output_size: ClassVar[int] = 1

    kind: Literal["adding"] = "adding"
    target: Literal["sum", "mean"] = Field(
        default="sum", description="What is asked for: the sum of the two numbers or their mean."
    )
    tolerance: Positive = Field(default=0.04, description="An answer is right when its absolute error is below this.")

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return (value, marker) pairs and the targets [K, B, 1]."""
        inputs, marked, starts = draw_marked(self, draws, batch_size)
        answer = marked[:, 0] + marked[:, 1]
        if self.target == "mean":
            answer = answer * 0.5
        return Batch(inputs.to(dtype), answer.unsqueeze(-1).to(dtype), starts)


def draw_marked(problem: Problem, draws: Draws, batch_size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (value, marker) pairs [K, T, B, 2], the two marked values [K, 2, B] and the starts [K]."""
    longest = problem.longest
    lengths = problem.lengths(draws, 0)
    starts = longest - lengths
    values = draws.uniform(1, longest, batch_size)
    half = lengths // 2
    first = starts.view(-1, 1) + draws.integers(2, half, batch_size)
    second = (starts + half).view(-1, 1) + draws.integers(3, lengths - half, batch_size)
    places = torch.stack((first, second), 1)  # [K, 2, B]
    marked = values.gather(1, places)
    markers = torch.zeros_like(values).scatter_(1, places, 1.0)
    return torch.stack((values, markers), -1), marked, starts
