"""Saturation: the share of hidden units in the flat parts of their non-linearity."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observed, StateProbe

_FLAT = 0.9


class Saturation(StateProbe):
    """Share of states with |h| above 0.9."""

    name: ClassVar[str] = "saturation"
    unit: ClassVar[str] = "share"
    axes: ClassVar[tuple[str, ...]] = ("step",)
    description: ClassVar[str] = (
        "Share of the numbers h, over units, steps and fresh sequences, with |h| above 0.9, where tanh hardly moves."
    )
    cost: ClassVar[str] = "a forward pass"
    question: ClassVar[str] = "How many units are saturated?"

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        return (observed.states.abs() > _FLAT).double().mean()
