"""Leaky units whose alpha is trained."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.recurrence.expression import Node, parameter, sigmoid
from ltd_core.time_scales.time_scale import InnerAlpha, TimeScale

LOGIT = "alpha_logit"


class LearnedTimeScale(TimeScale):
    """alpha is the logistic function of a trained number of each unit."""

    formula: ClassVar[str] = "alpha = sigmoid(a), a trained with the weights"
    source: ClassVar[str] = "Mozer 1992; Tallec and Ollivier 2018"
    parameters: ClassVar[tuple[str, ...]] = (LOGIT,)
    constants: ClassVar[tuple[str, ...]] = ()
    lane_fields: ClassVar[frozenset[str]] = frozenset({"alpha"})

    kind: Literal["learned"] = "learned"
    alpha: InnerAlpha = Field(
        default=0.5, description="alpha at the start, or one for each group; groups are equal parts of the units."
    )

    @classmethod
    def leak(cls) -> Node:
        """Return the logistic function of the trained number."""
        return sigmoid(parameter(LOGIT))

    def draw(self, draws: Draws, draw: int, size: int, given: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the trained numbers to start with."""
        return torch.logit(given)
