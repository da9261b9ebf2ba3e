"""Finite-time Lyapunov exponents: the rates at which neighboring states diverge."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.told import told

if TYPE_CHECKING:
    from ltd_core.picture import Numbers


class LyapunovExponents(StateProbe):
    """Finite-time Lyapunov exponents."""

    name: ClassVar[str] = "lyapunov_exponents"
    unit: ClassVar[str] = "nats per time step"
    axes: ClassVar[tuple[str, ...]] = ("step", "rank")
    description: ClassVar[str] = (
        "Finite-time Lyapunov exponents of the whole state along fresh sequences, largest first: mean log growth of "
        "the axes of a small ball, by a QR decomposition at every step (Benettin et al. 1980)."
    )
    cost: ClassVar[str] = "one Jacobian and one decomposition per step and sequence, O(T B H^3)"
    question: ClassVar[str] = "Is the net stable, on the edge, or chaotic?"
    level: ClassVar[tuple[str, float] | None] = ("neither grows nor decays", 0.0)

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return super().applies(spec) and spec.cell.markov

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.step.states) * spec.cell.hidden_size,)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the largest one, and on which side of 0 it lies."""
        largest = numbers.point(cls.name, -1, 0)
        way = "neighboring states drift apart: chaotic" if largest > 0 else "neighboring states meet: stable"
        return f"The largest exponent is {told(largest)} nats a step at the last observation; {way}."

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [S H]."""
        jacobians = observed.jacobians
        basis = torch.eye(jacobians.shape[-1], dtype=jacobians.dtype).expand(jacobians.shape[1:])
        growth = torch.zeros(jacobians.shape[1:3], dtype=jacobians.dtype)
        if not torch.isfinite(jacobians).all():
            return growth.new_full(growth.shape[1:], torch.nan)
        for jacobian in jacobians:
            basis, stretch = torch.linalg.qr(jacobian @ basis)
            growth += stretch.diagonal(dim1=-2, dim2=-1).abs().clamp(min=torch.finfo(growth.dtype).tiny).log()
        return (growth / len(jacobians)).mean(0).sort(descending=True)[0]
