"""Singular values of d h_T / d h_1, the product of all Jacobians."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.told import told

if TYPE_CHECKING:
    from ltd_core.picture import Numbers, Scale


class ProductSingularValues(StateProbe):
    """Singular values of d h_T / d h_1."""

    name: ClassVar[str] = "product_singular_values"
    unit: ClassVar[str] = "gain"
    axes: ClassVar[tuple[str, ...]] = ("step", "rank")
    description: ClassVar[str] = (
        "Singular values of d h_T / d h_1, the product of all Jacobians, largest first, averaged over fresh sequences."
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
        values = numbers.line(cls.name, -1)
        most, least = told(max(values)), told(min(values))
        return (
            f"The whole sequence stretches the state by at most {most} and at least {least}, at the last observation."
        )

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [H]."""
        product = observed.memory[-1]
        if not torch.isfinite(product).all():
            return product.new_full(product.shape[-1:], torch.nan)
        values: torch.Tensor = torch.linalg.svdvals(product).mean(0)
        return values
