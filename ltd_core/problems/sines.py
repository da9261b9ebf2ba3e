"""Producing a signal from nothing: a sum of sines of known periods, the same in every sequence."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive, Whole
from ltd_core.lazy import torch
from ltd_core.problems.problem import Batch, Problem, TwoSteps
from ltd_core.randomness import Draws, stream_key

_PERIODS = (8, 32, 80, 160)


class Sines(Problem):
    """Every input is 1; the answers, after every step, are a sum of sines with periods 8, 32, 80 and 160 steps."""

    formula: ClassVar[str] = (
        "y_t = s sum_i a_i sin(2 pi t / P_i + f_i), t = 1 to L, a_i in [1/2, 1), f_i in [0, 2 pi), s such that "
        "the largest |y_t| is 1; a constant answer has at best the variance of y as its mean squared error"
    )
    source: ClassVar[str] = "Koutnik, Greff, Gomez and Schmidhuber 2014 (clockwork networks), sequence generation"
    input_size: ClassVar[int] = 1
    output_size: ClassVar[int] = 1

    kind: Literal["sines"] = "sines"
    length: TwoSteps = Field(default=320, description="Sequence length in time steps.")
    sequence_seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = Field(
        default=0, description="Determines amplitudes and phases; all sequences of a run are the same."
    )
    tolerance: Positive = Field(default=0.1, description="An answer is right when its absolute error is below this.")

    @property
    def answers(self) -> int:
        """Return the number of steps: all are answered."""
        return self.length

    def draw(self, draws: Draws, batch_size: int, dtype: torch.dtype) -> Batch:
        """Return ones [K, T, B, 1] and the signal [K, T, B, 1]; nothing is drawn."""
        lanes, device = len(draws.words), draws.words.device
        inputs = torch.ones(lanes, self.length, batch_size, 1, dtype=dtype, device=device)
        signal = _signal(self.sequence_seed, self.length, str(device)).to(dtype)
        return Batch(inputs, signal.view(1, -1, 1, 1).repeat(lanes, 1, batch_size, 1), draws.words.new_zeros(lanes))


@lru_cache(maxsize=16)
def _signal(seed: int, length: int, device: str) -> torch.Tensor:
    """Return y_1 to y_L, float64, computed on the CPU."""
    draws = Draws.of([stream_key(seed, "sines")], [0])
    phases, sizes = 2.0 * math.pi * draws.uniform(0, len(_PERIODS)), 0.5 + 0.5 * draws.uniform(1, len(_PERIODS))
    times = torch.arange(1, length + 1, dtype=torch.float64).unsqueeze(1)
    periods = torch.tensor(_PERIODS, dtype=torch.float64)
    values = (sizes * torch.sin(2.0 * math.pi * times / periods + phases)).sum(1)
    return (values / values.abs().max()).to(device)
