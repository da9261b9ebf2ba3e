"""Norms of the gradient at every time step on its way back."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Update, UpdateProbe


class DeltaNorm(UpdateProbe):
    """Norm of delta_t, step x lag."""

    name: ClassVar[str] = "delta_norm"
    unit: ClassVar[str] = "norm"
    axes: ClassVar[tuple[str, ...]] = ("step", "lag")
    description: ClassVar[str] = (
        "Euclidean norm, over the whole minibatch, of delta_t = d loss / d h_t at lag T - t, steps before the last; "
        "NaN where the sequence was shorter."
    )
    cost: ClassVar[str] = "a multiplication and an addition per number of delta, in registers while it passes"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.problem.longest,)

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        """Return [K, T]."""
        return update.delta_norms
