"""Training loss of the minibatch."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Scale
from ltd_core.probes.probe import Update, UpdateProbe


class Loss(UpdateProbe):
    """Loss of each minibatch."""

    name: ClassVar[str] = "loss"
    unit: ClassVar[str] = "loss"
    description: ClassVar[str] = (
        "Mean loss of the minibatch, before its update: cross-entropy in nats, or squared error."
    )
    cost: ClassVar[str] = "none: the loss is computed anyway"
    question: ClassVar[str] = "Does the loss fall?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.loss
