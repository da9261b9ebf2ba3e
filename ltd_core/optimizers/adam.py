"""Steps of a smoothed gradient, divided by its recent size, both corrected for their start at zero."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive, Real
from ltd_core.lazy import torch
from ltd_core.optimizers.optimizer import Optimizer, Tensors


class Adam(Optimizer):
    """Adaptive moments, in the convention of torch.optim.Adam."""

    formula: ClassVar[str] = (
        "m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, "
        "weights <- weights - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)"
    )
    source: ClassVar[str] = "Kingma and Ba 2015"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"lr", "schedule", "first_decay", "second_decay", "epsilon"})
    memory: ClassVar[tuple[str, ...]] = ("first", "second", "first_share", "second_share")
    squares: ClassVar[tuple[str, ...]] = ("second",)

    kind: Literal["adam"] = "adam"
    lr: Positive = Field(default=0.001, description="Learning rate.")
    first_decay: Annotated[Real, Field(ge=0, lt=1)] = Field(default=0.9, description="b1, of the mean gradient.")
    second_decay: Annotated[Real, Field(ge=0, lt=1)] = Field(default=0.999, description="b2, of the mean square.")
    epsilon: Positive = Field(default=1e-8, description="Added to the root, so that small gradients make small steps.")

    @classmethod
    def step(
        cls, weights: torch.Tensor, gradient: torch.Tensor, memory: Tensors, settings: Tensors
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the new weights and moments; 1 - b^t grows by products, whose last bits never depend on K."""
        lr, b1, b2, epsilon = (settings[n].unsqueeze(-1) for n in ("lr", "first_decay", "second_decay", "epsilon"))
        made = {
            "first": memory["first"] * b1 + gradient * (1.0 - b1),
            "second": memory["second"] * b2 + gradient * gradient * (1.0 - b2),
            "first_share": memory["first_share"] * b1 + (1.0 - b1),
            "second_share": memory["second_share"] * b2 + (1.0 - b2),
        }
        size = (made["second"] / made["second_share"]).sqrt() + epsilon
        return weights - lr * (made["first"] / made["first_share"]) / size, made
