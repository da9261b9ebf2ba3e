"""Gaussian recurrent weights."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.initializations.initialization import Initialization
from ltd_core.lazy import torch
from ltd_core.randomness import Draws


class Gaussian(Initialization):
    """Independent entries; the spectral radius is about the gain (circular law)."""

    formula: ClassVar[str] = "W_ij ~ N(0, g^2 / H)"
    source: ClassVar[str] = "Sussillo and Abbott 2014, Random walk initialization"

    kind: Literal["gaussian"] = "gaussian"
    gain: Positive = Field(
        default=1.0, description="g, the standard deviation of an entry times the square root of the width."
    )

    def recurrent(self, draws: Draws, draw: int, hidden_size: int) -> torch.Tensor:
        """Return W, [H, H], float64."""
        return self.weight(draws, draw, (hidden_size, hidden_size), self.gain)
