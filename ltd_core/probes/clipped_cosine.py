"""Cosine of the angle between the gradient and the clipped gradient."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Update, UpdateProbe
from ltd_core.scaling import scaled_norms


class ClippedCosine(UpdateProbe):
    """Cosine of the clipped gradient and the gradient."""

    name: ClassVar[str] = "clipped_cosine"
    unit: ClassVar[str] = "cosine"
    description: ClassVar[str] = (
        "Cosine of the gradient that the optimizer is given and the gradient before clipping: 1 where the direction is "
        "kept; NaN where one of them is zero or not finite."
    )
    cost: ClassVar[str] = "six passes over the weights in double precision"
    question: ClassVar[str] = "Does clipping keep the direction of the gradient?"
    level: ClassVar[tuple[str, float] | None] = ("same direction", 1.0)

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return spec.observation.clipping

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        return cosine(update.gradient, update.clipped).to(update.gradient.dtype)


def cosine(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the cosine of each row of [K, P] with its counterpart, [K], float64.

    By the norms of sum and difference, whose order of summation no neighbor changes, and which lose nothing near 1.
    """
    units = [rows.double() / scaled_norms(rows.double()).unsqueeze(1) for rows in (first, second)]
    return (scaled_norms(units[0] + units[1]).square() - scaled_norms(units[0] - units[1]).square()) / 4
