"""First-order decrease of the loss along the clipped gradient."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.clipped_cosine import cosine
from ltd_core.probes.probe import Observable, Update, UpdateProbe


class Descent(UpdateProbe):
    """First-order decrease of the minibatch's loss."""

    name: ClassVar[str] = "descent"
    unit: ClassVar[str] = "loss"
    description: ClassVar[str] = (
        "lr <g, clip(g)>: by how much a step of plain descent along the clipped gradient lowers the minibatch's loss, "
        "to first order; negative where it raises it."
    )
    cost: ClassVar[str] = "six passes over the weights in double precision"
    question: ClassVar[str] = "Does the clipped step still descend?"
    level: ClassVar[tuple[str, float] | None] = ("neither up nor down", 0.0)

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return spec.observation.clipping

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        lengths = update.gradient_norm.double() * update.clipped_norm.double()
        found = update.lr.double() * lengths * cosine(update.gradient, update.clipped)
        return torch.where(lengths == 0, 0.0, found).to(update.gradient.dtype)
