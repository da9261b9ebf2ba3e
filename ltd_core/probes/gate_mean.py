"""Mean activation of the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.told import percent


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
    question: ClassVar[str] = "How far open are the gates?"

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return super().applies(spec) and bool(spec.cell.step.opened)

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.step.opened),)

    @classmethod
    def coordinates(cls, spec: Observable) -> Mapping[str, Sequence[float | str]]:
        """Return the names of the gates in the cell's formula."""
        return {"gate": spec.cell.step.opened_names}

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the last means, in the order of the legend."""
        return f"Open at the last observation: {', '.join(percent(mean) for mean in numbers.line(cls.name, -1))}."

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [gates]."""
        return torch.stack([gate.mean() for gate in observed.gates])
