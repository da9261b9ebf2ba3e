"""The random permutation problem: of many symbols, the last repeats the first, and only that can be predicted."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Whole
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem
from ltd_core.randomness import Draws, one_hot

_FIRST = 2
"""Kinds of first symbols."""


class Permutation(Problem):
    """The first symbol is one of two, each other one of the rest; after the last step name the first."""

    formula: ClassVar[str] = (
        "x_1 uniform in {0, 1}, x_2 to x_L uniform in {2, ..., N - 1}, each by itself; class = x_1 of N; "
        "guessing between the two: ln 2, 50 % error"
    )
    source: ClassVar[str] = (
        "Martens and Sutskever 2011; symbols drawn as in Pascanu, Mikolov and Bengio 2013, the authors' code; "
        "after Hochreiter and Schmidhuber 1997, task 2"
    )

    kind: Literal["permutation"] = "permutation"
    symbols: Annotated[Whole, Field(ge=3, le=1000)] = Field(
        default=100, description="N, the number of kinds of symbols; two of them come first, the others after."
    )

    @property
    def input_size(self) -> int:
        """Return N."""
        return self.symbols

    @property
    def output_size(self) -> int:
        """Return N: the answer is a symbol."""
        return self.symbols

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return one-hot symbols and the first of each sequence, [K, B]."""
        starts = self.longest - self.lengths(draws, 0)
        first = draws.integers(1, _FIRST, batch_size)
        symbols = draws.integers(2, self.symbols - _FIRST, self.longest, batch_size) + _FIRST
        symbols.scatter_(1, starts.view(-1, 1, 1).expand(-1, 1, batch_size), first.unsqueeze(1))
        return Batch(one_hot(symbols, self.symbols, dtype), first, starts)
