"""Steps divided by the recent size of each weight's gradient."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive, Real
from ltd_core.lazy import torch
from ltd_core.optimizers.optimizer import Optimizer, Tensors


class RmsProp(Optimizer):
    """Gradient descent by the gradient over its root mean square, in the convention of torch.optim.RMSprop."""

    formula: ClassVar[str] = "v <- decay v + (1 - decay) g^2, weights <- weights - lr g / (sqrt(v) + epsilon)"
    source: ClassVar[str] = "Tieleman and Hinton 2012, Neural networks for machine learning, lecture 6.5"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"lr", "schedule", "decay", "epsilon"})
    memory: ClassVar[tuple[str, ...]] = ("square",)
    squares: ClassVar[tuple[str, ...]] = ("square",)

    kind: Literal["rmsprop"] = "rmsprop"
    lr: Positive = Field(default=0.001, description="Learning rate.")
    decay: Annotated[Real, Field(ge=0, lt=1)] = Field(
        default=0.99, description="Share of the mean square that an update keeps."
    )
    epsilon: Positive = Field(default=1e-8, description="Added to the root, so that small gradients make small steps.")

    @classmethod
    def step(
        cls, weights: torch.Tensor, gradient: torch.Tensor, memory: Tensors, settings: Tensors
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the new weights and mean squares."""
        lr, decay, epsilon = (settings[name].unsqueeze(-1) for name in ("lr", "decay", "epsilon"))
        square = memory["square"] * decay + gradient * gradient * (1.0 - decay)
        return weights - lr * gradient / (square.sqrt() + epsilon), {"square": square}
