"""Sensitivity of the last state to earlier states, by lag."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.scaling import exponent_of, scaled


class MemoryCurve(StateProbe):
    """Norm of d h_T / d h_{T-k} by lag k."""

    name: ClassVar[str] = "memory_curve"
    unit: ClassVar[str] = "gain"
    axes: ClassVar[tuple[str, ...]] = ("step", "lag")
    description: ClassVar[str] = (
        "Root mean square over fresh sequences of the Frobenius norm of d h_T / d h_{T-k} by lag k, over the square "
        "root of H; NaN where the sequence was shorter, or no float holds the norm."
    )
    cost: ClassVar[str] = "a backward pass for every unit"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.problem.longest,)

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [T]."""
        exponent = exponent_of(observed.memory.abs().amax((1, 2, 3)))
        squares = scaled(observed.memory, -exponent[:, None, None, None]).square()
        norms = scaled(squares.sum((2, 3)).mean(1).div(observed.memory.shape[-1]).sqrt(), exponent)
        return torch.nn.functional.pad(norms, (0, observed.steps - len(norms)), value=torch.nan)
