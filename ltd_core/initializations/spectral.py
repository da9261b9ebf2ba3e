"""Gaussian recurrent weights scaled to a spectral radius."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.initializations.initialization import Initialization, of_radius
from ltd_core.lazy import torch
from ltd_core.randomness import Draws


class Spectral(Initialization):
    """Independent Gaussian entries, scaled so that the largest modulus of an eigenvalue is exactly the radius."""

    formula: ClassVar[str] = "W = radius G / max |eigenvalue(G)|, G_ij ~ N(0, 1 / H)"
    source: ClassVar[str] = "Jaeger 2001, The echo state approach; used by Pascanu, Mikolov and Bengio 2013"

    kind: Literal["spectral"] = "spectral"
    radius: Positive = Field(default=0.95, description="Spectral radius of the recurrent matrix.")

    def recurrent(self, draws: Draws, draw: int, hidden_size: int) -> torch.Tensor:
        """Return W, [H, H], float64."""
        return of_radius(self.weight(draws, draw, (hidden_size, hidden_size), 1.0), self.radius)
