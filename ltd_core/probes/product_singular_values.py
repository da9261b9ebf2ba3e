"""Singular values of d h_T / d h_1, the product of all Jacobians."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed
from ltd_core.probes.singular_values import SingularValues, mean_singular_values


class ProductSingularValues(SingularValues):
    """Singular values of d h_T / d h_1."""

    name: ClassVar[str] = "product_singular_values"
    description: ClassVar[str] = (
        "Singular values of d h_T / d h_1, the product of all Jacobians, largest first, averaged over fresh sequences; "
        "NaN where no float holds them, and where one is within the rounding of the largest."
    )
    cost: ClassVar[str] = "a backward pass for every unit, and one decomposition per sequence"
    question: ClassVar[str] = "How much is left of each direction over the whole sequence?"
    acts: ClassVar[str] = "The whole sequence"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.cell.hidden_size,)

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [H]."""
        return mean_singular_values(observed.memory[-1])
