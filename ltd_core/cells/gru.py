"""The gated recurrent unit."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.cells.cell import Cell
from ltd_core.recurrence.expression import gate, old, sigmoid, tanh
from ltd_core.recurrence.step import Step


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
    source: ClassVar[str] = "Cho et al. 2014, with the reset gate behind the product as in cuDNN"

    kind: Literal["gru"] = "gru"

    step: ClassVar[Step] = _step()
