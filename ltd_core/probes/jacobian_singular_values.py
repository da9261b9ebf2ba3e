"""Singular values of the Jacobian of one recurrent step."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed
from ltd_core.probes.singular_values import SingularValues, mean_singular_values


class JacobianSingularValues(SingularValues):
    """Singular values of d state_{t+1} / d state_t."""

    name: ClassVar[str] = "jacobian_singular_values"
    description: ClassVar[str] = (
        "Singular values of the Jacobian of one step of the whole state, largest first, averaged over steps and fresh "
        "sequences; NaN where one is within the rounding of the largest."
    )
    cost: ClassVar[str] = "one Jacobian and one decomposition per step and sequence, O(T B H^3)"
    question: ClassVar[str] = "How much does one step stretch the state, by direction?"
    acts: ClassVar[str] = "One step"

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
