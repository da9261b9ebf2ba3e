"""Norm of the gradient, after clipping."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Scale
from ltd_core.probes.probe import Update, UpdateProbe


class ClippedGradientNorm(UpdateProbe):
    """Norm after clipping."""

    name: ClassVar[str] = "clipped_gradient_norm"
    unit: ClassVar[str] = "norm"
    description: ClassVar[str] = "Euclidean norm of the gradient that the optimizer is given."
    cost: ClassVar[str] = "one pass over the weights"
    question: ClassVar[str] = "How long is the gradient after clipping?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.clipped_norm
