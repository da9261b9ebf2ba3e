"""The gated recurrent unit."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.cells.cell import Cell
from ltd_core.cells.chrono import Chrono, chrono_bias
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.recurrence.expression import gate, old, sigmoid, tanh
from ltd_core.recurrence.step import Step

_DRAW = 5


def _step() -> Step:
    reset, update = sigmoid(gate("r")), sigmoid(gate("z"))
    candidate = tanh(gate("n_x") + reset * gate("n_h"))
    state = (1.0 - update) * candidate + update * old("h")
    return Step(("n_h", "r", "z", "n_x"), (("h", state),), frozenset({"n_h"}), frozenset({"n_x"}))


class Gru(Cell):
    """A state that an update gate keeps, and a candidate whose view of the past a reset gate closes."""

    formula: ClassVar[str] = (
        "r, z = sigmoid(h_{t-1} W + x_t U + b), n = tanh(x_t U_n + b_x + r (h_{t-1} W_n + b_h)); "
        "h_t = (1 - z) n + z h_{t-1}"
    )
    source: ClassVar[str] = (
        "Cho et al. 2014, with the reset gate behind the product as in cuDNN; chrono: Tallec and Ollivier 2018"
    )

    lane_fields: ClassVar[frozenset[str]] = frozenset({"chrono"})

    kind: Literal["gru"] = "gru"
    chrono: Chrono = Field(
        default=0, description="The longest time scale T: biases of the update gate start at ln U[1, T - 1); 0 for 0."
    )

    step: ClassVar[Step] = _step()

    def start(self, weights: dict[str, torch.Tensor], draws: Draws, first: int) -> None:
        """Set the biases of the update gate, which keeps the state."""
        if self.chrono:
            keep = torch.split(weights["b"], self.hidden_size)[self.step.gates.index("z")]
            keep.copy_(chrono_bias(draws, first + _DRAW, self.hidden_size, self.chrono))
