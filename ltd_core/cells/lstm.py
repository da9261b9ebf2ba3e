"""Long short-term memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ltd_core.cells.cell import Cell
from ltd_core.fields import Real
from ltd_core.recurrence.expression import gate, old, sigmoid, tanh
from ltd_core.recurrence.step import Step

if TYPE_CHECKING:
    from ltd_core.initializations import Initialization
    from ltd_core.lazy import torch
    from ltd_core.randomness import Draws

_GATES = ("i", "f", "g", "o")


def _step() -> Step:
    let_in, keep, show = (sigmoid(gate(name)) for name in "ifo")
    memory = keep * old("c") + let_in * tanh(gate("g"))
    return Step(_GATES, (("h", show * tanh(memory)), ("c", memory)))


class Lstm(Cell):
    """A memory cell behind input, forget and output gates."""

    formula: ClassVar[str] = (
        "i, f, o = sigmoid(h_{t-1} W + x_t U + b), g = tanh(...); c_t = f c_{t-1} + i g, h_t = o tanh(c_t)"
    )
    source: ClassVar[str] = "Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"forget_bias"})
    candidate: ClassVar[int] = _GATES.index("g")

    kind: Literal["lstm"] = "lstm"
    forget_bias: Real = Field(
        default=1.0,
        description="Initial bias of the forget gate; 1 keeps the memory at first (Jozefowicz et al. 2015).",
    )

    step: ClassVar[Step] = _step()

    def draw_weights(self, initialization: Initialization, draws: Draws, input_size: int) -> dict[str, torch.Tensor]:
        """Return the initial weights of one run, float64."""
        weights = super().draw_weights(initialization, draws, input_size)
        forget = _GATES.index("f") * self.hidden_size
        weights["b"][forget : forget + self.hidden_size] = self.forget_bias
        return weights
