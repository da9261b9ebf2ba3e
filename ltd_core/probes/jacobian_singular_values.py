"""Singular values of the Jacobian of one recurrent step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.probes.singular_values import mean_singular_values

if TYPE_CHECKING:
    from ltd_core.lazy import torch


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

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return super().applies(spec) and spec.cell.markov

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.step.states) * spec.cell.hidden_size,)

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [S H]."""
        return mean_singular_values(observed.jacobians.flatten(0, 1))
