"""Mean activation of the gates."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed, StateProbe


class GateMean(StateProbe):
    """Mean value of each gate."""

    name: ClassVar[str] = "gate_mean"
    unit: ClassVar[str] = "share"
    axes: ClassVar[tuple[str, ...]] = ("step", "gate")
    description: ClassVar[str] = (
        "Mean over units, steps and fresh sequences of each gate that a logistic function opens, in the order of the "
        "cell's formula."
    )
    cost: ClassVar[str] = "a forward pass"

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return super().applies(spec) and bool(spec.cell.step.opened)

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.step.opened),)

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [gates]."""
        return torch.stack([gate.mean() for gate in observed.gates])
