"""Long short-term memory."""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.cells.cell import Cell
from ltd_core.cells.chrono import Chrono, chrono_bias
from ltd_core.fields import Real
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.recurrence.expression import Node, gate, old, parameter, sigmoid, tanh
from ltd_core.recurrence.step import Step

_DRAW = 5


class Lstm(Cell):
    """A memory cell behind input, forget and output gates."""

    formula: ClassVar[str] = (
        "i, f, o = sigmoid(h_{t-1} W + x_t U + b), g = tanh(...); c_t = f c_{t-1} + i g, h_t = o tanh(c_t); "
        "peepholes add p_i c_{t-1} to i, p_f c_{t-1} to f and p_o c_t to o; coupled: i = 1 - f"
    )
    source: ClassVar[str] = (
        "Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000; peepholes: Gers and Schmidhuber 2000; "
        "coupled gates: Greff et al. 2017; chrono: Tallec and Ollivier 2018"
    )
    lane_fields: ClassVar[frozenset[str]] = frozenset({"forget_bias", "chrono"})

    kind: Literal["lstm"] = "lstm"
    forget_bias: Real = Field(
        default=1.0,
        description="Initial bias of the forget gate; 1 keeps the memory at first (Jozefowicz et al. 2015).",
    )
    chrono: Chrono = Field(
        default=0,
        description="The longest time scale T: forget biases start at ln U[1, T - 1), input biases at their negatives; "
        "0 for forget_bias instead.",
    )
    peephole: bool = Field(default=False, strict=True, description="Let the gates see the memory.")
    coupled: bool = Field(default=False, strict=True, description="Let in what is forgotten: i = 1 - f.")

    @property
    def step(self) -> Step:
        return _step(peephole=self.peephole, coupled=self.coupled)

    @property
    def candidate(self) -> int:
        """Return the place of the gate g."""
        return self.step.gates.index("g")

    def start(self, weights: dict[str, torch.Tensor], draws: Draws, first: int) -> None:
        """Set the biases of the forget gate, and for chrono those of the input gate."""
        biases = dict(zip(self.step.gates, torch.split(weights["b"], self.hidden_size), strict=True))
        biases["f"].fill_(self.forget_bias)
        if self.chrono:
            biases["f"].copy_(chrono_bias(draws, first + _DRAW, self.hidden_size, self.chrono))
            if "i" in biases:
                biases["i"].copy_(-biases["f"])


@cache
def _step(*, peephole: bool, coupled: bool) -> Step:
    def seen(name: str, memory: Node) -> Node:
        return gate(name) + parameter(f"p_{name}") * memory if peephole else gate(name)

    keep = sigmoid(seen("f", old("c")))
    let_in = 1.0 - keep if coupled else sigmoid(seen("i", old("c")))
    memory = keep * old("c") + let_in * tanh(gate("g"))
    show = sigmoid(seen("o", memory))
    gates = ("f", "g", "o") if coupled else ("i", "f", "g", "o")
    peepholes = tuple(f"p_{name}" for name in gates if name != "g") if peephole else ()
    return Step(gates, (("h", show * tanh(memory)), ("c", memory)), parameters=peepholes)
