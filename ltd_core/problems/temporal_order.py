"""The temporal order problem: which of two symbols came first, and which second."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import one_hot

if TYPE_CHECKING:
    from ltd_core.randomness import Draws

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
        longest = self.longest
        lengths = self.lengths(draws, 0)
        starts = longest - lengths
        symbols = draws.symbols(1, _DISTRACTOR_BITS, longest, batch_size)
        relevant = draws.integers(2, 2, 2, batch_size)  # [K, 2, B]: is it B?
        first = (lengths + 9) // 10, (lengths + 4) // 5  # [0.1 L, 0.2 L), exactly, in whole numbers
        second = (lengths + 1) // 2, (3 * lengths + 4) // 5  # [0.5 L, 0.6 L)
        places = [
            (starts + low).view(-1, 1) + draws.integers(3 + i, high - low, batch_size)
            for i, (low, high) in enumerate((first, second))
        ]
        symbols.scatter_(1, torch.stack(places, 1), relevant + _DISTRACTORS)
        inputs = one_hot(symbols, self.input_size, dtype)
        return Batch(inputs, 2 * relevant[:, 0] + relevant[:, 1], starts)
