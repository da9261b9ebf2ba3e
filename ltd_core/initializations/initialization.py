"""The base class of initializations: they draw the weights that a run starts from."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism
from ltd_core.randomness import Draws


class Initialization(Mechanism):
    """Draws the weights of one run in float64. Biases start at 0; all settings may differ between lanes."""

    lane_fields: ClassVar[frozenset[str]] = frozenset({"*"})

    input_gain: Positive = Field(
        default=1.0, description="Input weights are drawn from N(0, input_gain^2 / input size)."
    )
    output_gain: Positive = Field(
        default=1.0, description="Output weights are drawn from N(0, output_gain^2 / hidden size)."
    )

    @abstractmethod
    def recurrent(self, draws: Draws, draw: int, hidden_size: int) -> torch.Tensor:
        """Return W, [H, H], float64."""

    def weight(self, draws: Draws, draw: int, shape: tuple[int, int], gain: float) -> torch.Tensor:
        """Return a matrix [inputs, outputs] with entries from N(0, gain^2 / inputs), float64."""
        scale: float = gain / shape[0] ** 0.5
        return draws.normal(draw, *shape)[0] * scale


def of_radius(matrix: torch.Tensor, radius: float) -> torch.Tensor:
    """Return a square matrix scaled to a spectral radius."""
    largest: torch.Tensor = torch.linalg.eigvals(matrix).abs().max()
    return matrix * (radius / largest)
