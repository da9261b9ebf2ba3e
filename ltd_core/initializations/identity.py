"""The identity as recurrent weights."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Positive
from ltd_core.initializations.initialization import Initialization
from ltd_core.lazy import torch
from ltd_core.randomness import Draws


class Identity(Initialization):
    """Every unit keeps its own state at first; with rectified units, the IRNN."""

    formula: ClassVar[str] = "W = scale I"
    source: ClassVar[str] = "Le, Jaitly and Hinton 2015, A simple way to initialize recurrent networks"

    kind: Literal["identity"] = "identity"
    scale: Positive = Field(default=1.0, description="What stands on the diagonal.")

    def recurrent(self, draws: Draws, draw: int, hidden_size: int) -> torch.Tensor:  # noqa: ARG002
        """Return W, [H, H], float64: nothing is drawn."""
        return self.scale * torch.eye(hidden_size, dtype=torch.float64)
