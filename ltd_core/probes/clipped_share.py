"""The share of the gradient that was clipped."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Update, UpdateProbe


class ClippedShare(UpdateProbe):
    """Share clipped."""

    name: ClassVar[str] = "clipped_share"
    unit: ClassVar[str] = "share"
    description: ClassVar[str] = (
        "Share of the gradient that clipping changed: of its elements (value), or all or nothing (norm)."
    )
    cost: ClassVar[str] = "one comparison a weight for clipping by value, else none"
    question: ClassVar[str] = "How much of the gradient does clipping change?"

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return update.clipped_share
