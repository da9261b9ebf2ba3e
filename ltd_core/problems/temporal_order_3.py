"""The temporal order problem with three symbols: which came first, second and third."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.problems.temporal_order import draw_relevant
from ltd_core.randomness import Draws


class TemporalOrder3(Problem):
    """Three symbols (A or B) hide among four distractors; after the last step name their order, of AAA to BBB."""

    formula: ClassVar[str] = (
        "p1 in [0.1 L, 0.2 L), p2 in [0.3 L, 0.4 L), p3 in [0.6 L, 0.7 L), "
        "class = 4 [x_p1 = B] + 2 [x_p2 = B] + [x_p3 = B]; guessing: ln 8, 87.5 % error"
    )
    source: ClassVar[str] = (
        "Hochreiter and Schmidhuber 1997, task 6b; places as in Pascanu, Mikolov and Bengio 2013, the authors' code"
    )
    input_size: ClassVar[int] = 6
    output_size: ClassVar[int] = 8

    kind: Literal["temporal_order_3"] = "temporal_order_3"

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return one-hot symbols (four distractors, A, B) and the classes."""
        inputs, relevant, starts = draw_relevant(self, draws, batch_size, dtype, (1, 3, 6))
        return Batch(inputs, 4 * relevant[:, 0] + 2 * relevant[:, 1] + relevant[:, 2], starts)
