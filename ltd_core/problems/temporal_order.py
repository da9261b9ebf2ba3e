"""The temporal order problem: which of two symbols came first, and which second."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import Draws, one_hot

_DISTRACTORS = 4
_DISTRACTOR_BITS = 2


class TemporalOrder(Problem):
    """Two symbols (A or B) hide among four distractors; after the last step name their order: AA, AB, BA or BB."""

    formula: ClassVar[str] = (
        "p1 in [0.1 L, 0.2 L), p2 in [0.5 L, 0.6 L), class = 2 [x_p1 = B] + [x_p2 = B]; guessing: ln 4, 75 % error"
    )
    source: ClassVar[str] = (
        "Hochreiter and Schmidhuber 1997, task 6a; as in Pascanu, Mikolov and Bengio 2013, section 4.1"
    )
    input_size: ClassVar[int] = 6
    output_size: ClassVar[int] = 4

    kind: Literal["temporal_order"] = "temporal_order"

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return one-hot symbols (four distractors, A, B) and the classes."""
        inputs, relevant, starts = draw_relevant(self, draws, batch_size, dtype, (1, 5))
        return Batch(inputs, 2 * relevant[:, 0] + relevant[:, 1], starts)


def draw_relevant(
    problem: Problem, draws: Draws, batch_size: int, dtype: torch.dtype, tenths: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return one-hot symbols [K, T, B, 6], whether each relevant one is B [K, R, B], and the starts [K].

    The place of the relevant symbol of tenth n is in [n L / 10, (n + 1) L / 10), exactly, in whole numbers.
    """
    longest, lengths = problem.longest, problem.lengths(draws, 0)
    starts = longest - lengths
    symbols = draws.symbols(1, _DISTRACTOR_BITS, longest, batch_size)
    relevant = draws.integers(2, 2, len(tenths), batch_size)
    places = []
    for i, tenth in enumerate(tenths):
        low, high = (tenth * lengths + 9) // 10, ((tenth + 1) * lengths + 9) // 10
        places.append((starts + low).view(-1, 1) + draws.integers(3 + i, high - low, batch_size))
    symbols.scatter_(1, torch.stack(places, 1), relevant + _DISTRACTORS)
    return one_hot(symbols, _DISTRACTORS + 2, dtype), relevant, starts
