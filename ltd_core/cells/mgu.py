"""The minimal gated unit."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.cells.cell import Cell
from ltd_core.recurrence.expression import gate, old, sigmoid, tanh
from ltd_core.recurrence.step import Step


def _step() -> Step:
    forget = sigmoid(gate("f"))
    candidate = tanh(gate("n_x") + forget * gate("n_h"))
    state = (1.0 - forget) * old("h") + forget * candidate
    return Step(("n_h", "f", "n_x"), (("h", state),), frozenset({"n_h"}), frozenset({"n_x"}))


class Mgu(Cell):
    """One gate that both forgets the state and lets the candidate in."""

    formula: ClassVar[str] = (
        "f = sigmoid(h_{t-1} W + x_t U + b), n = tanh(x_t U_n + b_x + f (h_{t-1} W_n + b_h)); "
        "h_t = (1 - f) h_{t-1} + f n"
    )
    source: ClassVar[str] = "Zhou et al. 2016, Minimal gated unit; with the gate behind the product"

    kind: Literal["mgu"] = "mgu"

    step: ClassVar[Step] = _step()
