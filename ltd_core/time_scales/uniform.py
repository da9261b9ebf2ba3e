"""Time scales drawn once, alpha uniformly."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import FieldError
from ltd_core.fields import Share
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.time_scales.time_scale import TimeScale


class UniformTimeScale(TimeScale):
    """Every unit draws its alpha once, from a uniform distribution."""

    formula: ClassVar[str] = "alpha ~ U[lowest, highest)"
    source: ClassVar[str] = "Mozer 1992"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"lowest", "highest"})

    kind: Literal["uniform"] = "uniform"
    lowest: Share = Field(default=0.0, description="The smallest alpha.")
    highest: Share = Field(default=1.0, description="The limit of the largest alpha.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lowest > self.highest:
            raise FieldError("lowest", f"must be at most highest, {self.highest}, not {self.lowest}")
        return self

    def draw(self, draws: Draws, draw: int, size: int, given: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the drawn alphas."""
        return self.lowest + (self.highest - self.lowest) * draws.uniform(draw, size)[0]
