"""Singular values of the Jacobian of one recurrent step."""

from __future__ import annotations

import math
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers, Scale
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.probes.singular_values import mean_singular_values
from ltd_core.told import told


class JacobianSingularValues(StateProbe):
    """Singular values of d state_{t+1} / d state_t."""

    name: ClassVar[str] = "jacobian_singular_values"
    unit: ClassVar[str] = "gain"
    axes: ClassVar[tuple[str, ...]] = ("step", "rank")
    description: ClassVar[str] = (
        "Singular values of the Jacobian of one step of the whole state, largest first, averaged over steps and fresh "
        "sequences; NaN where one is within the rounding of the largest."
    )
    cost: ClassVar[str] = "one Jacobian and one decomposition per step and sequence, O(T B H^3)"
    question: ClassVar[str] = "How much does one step stretch the state, by direction?"
    scale: ClassVar[Scale] = "log"
    level: ClassVar[tuple[str, float] | None] = ("kept", 1.0)

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return super().applies(spec) and spec.cell.markov

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.step.states) * spec.cell.hidden_size,)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the largest and the smallest."""
        values = [value for value in numbers.line(cls.name, -1) if not math.isnan(value)]
        if not values:
            return "No singular value stands out of the rounding at the last observation."
        most, least = told(max(values)), told(min(values))
        return f"One step stretches the state by at most {most} and at least {least}, at the last observation."

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [S H]."""
        return mean_singular_values(observed.jacobians.flatten(0, 1))
