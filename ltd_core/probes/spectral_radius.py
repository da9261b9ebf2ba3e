"""Spectral radius of the recurrent matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.probes.probe import WeightProbe


class SpectralRadius(WeightProbe):
    """Largest modulus of an eigenvalue of W."""

    name: ClassVar[str] = "spectral_radius"
    unit: ClassVar[str] = "modulus"
    every: ClassVar[int] = 250
    description: ClassVar[str] = (
        "Largest modulus of an eigenvalue of the recurrent matrix (a gated cell's candidate's) before the update."
    )
    cost: ClassVar[str] = "an eigenvalue problem a lane, O(H^3): every 250 updates"
    question: ClassVar[str] = "Does the recurrent matrix leave the unit circle?"
    level: ClassVar[tuple[str, float] | None] = ("unit circle", 1.0)

    @classmethod
    def measure(cls, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return [K]; NaN where W is not finite."""
        recurrent = weights["recurrent"]
        finite = torch.isfinite(recurrent).all(-1).all(-1)
        safe = torch.where(finite.view(-1, 1, 1), recurrent, torch.zeros_like(recurrent))
        # One aligned matrix at a time: the last bits depend on where in memory a matrix lies, abs()'s on the place.
        values = torch.stack([torch.linalg.eigvals(matrix.clone()) for matrix in safe])
        squares = values.real * values.real + values.imag * values.imag
        radius = torch.sqrt(squares.amax(-1))
        return torch.where(finite, radius, torch.full_like(radius, torch.nan))
