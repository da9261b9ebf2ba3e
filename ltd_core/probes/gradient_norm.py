"""Norm of the gradient, before clipping."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Scale
from ltd_core.probes.probe import Update, UpdateProbe


class GradientNorm(UpdateProbe):
    """Norm before clipping."""

    name: ClassVar[str] = "gradient_norm"
    unit: ClassVar[str] = "norm"
    description: ClassVar[str] = (
        "Euclidean norm of the gradient of the loss with respect to all weights, before clipping."
    )
    cost: ClassVar[str] = "one pass over the weights; clipping by norm needs it anyway"
    question: ClassVar[str] = "How long is the gradient?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.gradient_norm
