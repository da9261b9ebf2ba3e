"""Eigenvalues of the recurrent matrix."""

from __future__ import annotations

from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import Observable, Observed, StateProbe


class Spectrum(StateProbe):
    """All eigenvalues of W, complex."""

    name: ClassVar[str] = "spectrum"
    unit: ClassVar[str] = "modulus"
    axes: ClassVar[tuple[str, ...]] = ("step", "eigenvalue", "part")
    description: ClassVar[str] = (
        "Eigenvalues of the recurrent matrix (a gated cell's candidate's), real and imaginary part, largest modulus "
        "first; NaN where W is not finite."
    )
    cost: ClassVar[str] = "an eigenvalue problem, O(H^3)"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.cell.hidden_size, 2)

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [H, 2]."""
        matrix = observed.recurrent
        if not torch.isfinite(matrix).all():
            return matrix.new_full((len(matrix), 2), torch.nan)
        values = torch.linalg.eigvals(matrix.contiguous())
        return torch.view_as_real(values[values.abs().argsort(descending=True, stable=True)])
