"""Eigenvalues of the recurrent matrix."""

from __future__ import annotations

import math
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Axis, Numbers, Picture, Plane
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.told import told


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
    question: ClassVar[str] = "Where do the eigenvalues of the recurrent matrix lie?"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.cell.hidden_size, 2)

    @classmethod
    def picture(cls, spec: Observable) -> Picture:  # noqa: ARG003
        """Return the last eigenvalues beside the unit circle."""
        return Picture(cls.name, cls.question, Axis("real part"), Axis("imaginary part"), (Plane(cls.name),), cls.told)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the largest modulus."""
        radius = math.hypot(numbers.point(cls.name, -1, 0, 0), numbers.point(cls.name, -1, 0, 1))
        return f"The largest modulus is {told(radius)} after the last observed update."

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [H, 2]."""
        matrix = observed.recurrent
        if not torch.isfinite(matrix).all():
            return matrix.new_full((len(matrix), 2), torch.nan)
        values = torch.linalg.eigvals(matrix.contiguous())
        return torch.view_as_real(values[values.abs().argsort(descending=True, stable=True)])
