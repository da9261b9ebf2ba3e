"""Time scales drawn once, the logarithm of the time constant uniformly."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import FieldError
from ltd_core.fields import Positive
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.time_scales.time_scale import TimeScale


class LogUniformTimeScale(TimeScale):
    """Every unit draws its time constant once, short and long ones alike on a logarithmic scale."""

    formula: ClassVar[str] = "alpha = exp(-1 / tau), ln tau ~ U[ln shortest, ln longest)"
    source: ClassVar[str] = "Mozer 1992, with time constants spread over orders of magnitude"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"shortest", "longest"})

    kind: Literal["log_uniform"] = "log_uniform"
    shortest: Positive = Field(default=1.0, description="The shortest time constant, in time steps.")
    longest: Positive = Field(default=100.0, description="The limit of the longest time constant, in time steps.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.shortest > self.longest:
            raise FieldError("shortest", f"must be at most longest, {self.longest}, not {self.shortest}")
        return self

    def draw(self, draws: Draws, draw: int, size: int, given: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the drawn alphas."""
        first, last = math.log(self.shortest), math.log(self.longest)
        return torch.exp(-torch.exp(-(first + (last - first) * draws.uniform(draw, size)[0])))
