"""Sparse recurrent weights scaled to a spectral radius."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Count, Positive
from ltd_core.initializations.initialization import Initialization, of_radius
from ltd_core.lazy import torch
from ltd_core.randomness import Draws

_PLACES = 2
"""The draw of where weights are, counted from that of the weights; the next one is the input weights'."""


class Sparse(Initialization):
    """Every unit sees a few units, itself perhaps among them, so that its input does not grow with the width."""

    formula: ClassVar[str] = "W = radius S / max |eigenvalue(S)|, S_ij ~ N(0, 1) at `connections` places i of each j"
    source: ClassVar[str] = (
        "Martens and Sutskever 2011; 'smart_tanh' in the code of Pascanu, Mikolov and Bengio 2013 (which draws the "
        "same number of outgoing weights)"
    )

    kind: Literal["sparse"] = "sparse"
    connections: Count = Field(
        default=15, description="Weights into each unit that are not zero; all of them where there are fewer units."
    )
    radius: Positive = Field(default=0.95, description="Spectral radius of the recurrent matrix.")

    def recurrent(self, draws: Draws, draw: int, hidden_size: int) -> torch.Tensor:
        """Return W, [H, H], float64; each unit sees one, so there is a cycle, and an eigenvalue that is not zero."""
        order = draws.uniform(draw + _PLACES, hidden_size, hidden_size)[0].argsort(dim=0, stable=True)
        weights = draws.normal(draw, hidden_size, hidden_size)[0]
        return of_radius(weights.scatter(0, order[self.connections :], 0.0), self.radius)
