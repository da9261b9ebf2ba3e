"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive, Real
from ltd_core.lazy import torch
from ltd_core.optimizers.optimizer import Optimizer, Tensors


class Sgd(Optimizer):
    """Plain or heavy-ball gradient descent, in the convention of torch.optim.SGD."""

    formula: ClassVar[str] = "m <- momentum m + g, weights <- weights - lr m"
    source: ClassVar[str] = "Polyak 1964"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"lr", "schedule", "momentum"})
    memory: ClassVar[tuple[str, ...]] = ("momentum",)

    kind: Literal["sgd"] = "sgd"
    lr: Positive = Field(default=0.01, description="Learning rate.")
    momentum: Annotated[Real, Field(ge=0, lt=1)] = Field(
        default=0.0, description="Share of the last update's velocity that is kept."
    )

    @classmethod
    def step(
        cls, weights: torch.Tensor, gradient: torch.Tensor, memory: Tensors, settings: Tensors
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the new weights and velocity."""
        velocity = (memory["momentum"] * settings["momentum"].unsqueeze(-1)).add_(gradient)
        return weights - velocity * settings["lr"].unsqueeze(-1), {"momentum": velocity}
