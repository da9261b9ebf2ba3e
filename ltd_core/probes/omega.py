"""Value of the regularizer."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Scale
from ltd_core.probes.probe import Observable, Update, UpdateProbe


class OmegaValue(UpdateProbe):
    """Omega at the minibatch, without its weight."""

    name: ClassVar[str] = "omega"
    unit: ClassVar[str] = "sum of squares"
    description: ClassVar[str] = "The regularizer at the minibatch, without its weight."
    cost: ClassVar[str] = "none beside the regularizer's own"
    question: ClassVar[str] = "How far is the gradient from keeping its norm, step by step?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return spec.regularized

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.omega
