"""Error rate of the minibatch."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Update, UpdateProbe


class ErrorRate(UpdateProbe):
    """Error rate of each minibatch."""

    name: ClassVar[str] = "error_rate"
    unit: ClassVar[str] = "share"
    description: ClassVar[str] = "Share of the minibatch's sequences that were answered wrongly, before its update."
    cost: ClassVar[str] = "one comparison a minibatch"
    question: ClassVar[str] = "How many answers of a minibatch are wrong?"

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.error_rate
