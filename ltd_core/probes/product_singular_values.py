"""Singular values of d h_T / d h_1, the product of all Jacobians."""

from __future__ import annotations

import math
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers, Scale
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.probes.singular_values import mean_singular_values
from ltd_core.told import told


class ProductSingularValues(StateProbe):
    """Singular values of d h_T / d h_1."""

    name: ClassVar[str] = "product_singular_values"
    unit: ClassVar[str] = "gain"
    axes: ClassVar[tuple[str, ...]] = ("step", "rank")
    description: ClassVar[str] = (
        "Singular values of d h_T / d h_1, the product of all Jacobians, largest first, averaged over fresh sequences; "
        "NaN where no float holds them, and where one is within the rounding of the largest."
    )
    cost: ClassVar[str] = "a backward pass for every unit, and one decomposition per sequence"
    question: ClassVar[str] = "How much is left of each direction over the whole sequence?"
    scale: ClassVar[Scale] = "log"
    level: ClassVar[tuple[str, float] | None] = ("kept", 1.0)

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.cell.hidden_size,)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the largest and the smallest."""
        values = [value for value in numbers.line(cls.name, -1) if not math.isnan(value)]
        if not values:
            return "No singular value stands out of the rounding at the last observation."
        most, least = told(max(values)), told(min(values))
        return (
            f"The whole sequence stretches the state by at most {most} and at least {least}, at the last observation."
        )

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [H]."""
        return mean_singular_values(observed.memory[-1])
