"""Norm of the regularizer's gradient."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Scale
from ltd_core.probes.probe import Observable, Update, UpdateProbe


class OmegaGradientNorm(UpdateProbe):
    """Norm of weight dOmega/dW."""

    name: ClassVar[str] = "omega_gradient_norm"
    unit: ClassVar[str] = "norm"
    description: ClassVar[str] = "Euclidean norm of what the regularizer, with its weight, adds to the gradient."
    cost: ClassVar[str] = "a pass over W"
    question: ClassVar[str] = "How strong is the pull of the regularizer?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return spec.regularized

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.omega_gradient_norm
