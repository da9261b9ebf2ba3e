"""The copying problem: remember ten symbols over a long blank, then write them down."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, OneLength, Problem
from ltd_core.randomness import Draws, one_hot

_PATTERN = 10
_BITS = 3
_BLANK = 2**_BITS
_DELIMITER = _BLANK + 1


class Copying(Problem):
    """Ten symbols of eight kinds, blanks, a delimiter, ten blanks; the answer is blank, then the symbols in order."""

    formula: ClassVar[str] = (
        "T + 20 steps: symbols in steps 1 to 10, the delimiter in step T + 10; answered at every step, scored in the "
        "last 10; the best answer without memory has loss 10 ln 8 / (T + 20) and 87.5 % error"
    )
    source: ClassVar[str] = (
        "Hochreiter and Schmidhuber 1997; in the form of Arjovsky, Shah and Bengio 2016 (unitary networks)"
    )
    input_size: ClassVar[int] = _DELIMITER + 1
    output_size: ClassVar[int] = _BLANK + 1

    kind: Literal["copying"] = "copying"
    length: OneLength = Field(
        default=100, description="Delay T in time steps, from the last symbol to the delimiter; sequences have T + 20."
    )

    @property
    def shortest(self) -> int:
        """Return the steps of every sequence."""
        return self.longest

    @property
    def longest(self) -> int:
        """Return the steps of every sequence."""
        return self.length + 2 * _PATTERN

    @property
    def answers(self) -> int:
        """Return the number of steps: all are answered."""
        return self.longest

    @property
    def scored(self) -> int:
        """Return how many answers are symbols."""
        return _PATTERN

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return one-hot symbols (eight kinds, blank, delimiter) and the classes (eight kinds, blank), [K, T + 20, B].

        T blanks and the delimiter, which is the last of them, stand between the symbols and their copies.
        """
        pattern = draws.symbols(1, _BITS, _PATTERN, batch_size)
        blanks = pattern.new_full((len(pattern), self.longest - _PATTERN, batch_size), _BLANK)
        symbols, targets = torch.cat((pattern, blanks), 1), torch.cat((blanks, pattern), 1)
        symbols[:, self.longest - _PATTERN - 1] = _DELIMITER
        return Batch(one_hot(symbols, self.input_size, dtype), targets, draws.words.new_zeros(len(pattern)))
