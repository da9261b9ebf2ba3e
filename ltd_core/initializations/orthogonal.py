"""Orthogonal recurrent weights."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.initializations.initialization import Initialization
from ltd_core.lazy import torch
from ltd_core.randomness import Draws


class Orthogonal(Initialization):
    """A rotation or reflection, every one equally likely, times the gain: all singular values are the gain."""

    formula: ClassVar[str] = "W = gain Q sign(diag R), QR = G, G_ij ~ N(0, 1)"
    source: ClassVar[str] = "Saxe, McClelland and Ganguli 2014; uniform by the signs: Mezzadri 2007"

    kind: Literal["orthogonal"] = "orthogonal"
    gain: Positive = Field(default=1.0, description="What every singular value is.")

    def recurrent(self, draws: Draws, draw: int, hidden_size: int) -> torch.Tensor:
        """Return W, [H, H], float64."""
        q, r = torch.linalg.qr(draws.normal(draw, hidden_size, hidden_size)[0])
        weights: torch.Tensor = self.gain * q * torch.where(r.diagonal() < 0, -1.0, 1.0)
        return weights
