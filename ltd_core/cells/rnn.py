"""The plain recurrent network."""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.cells.cell import Cell
from ltd_core.recurrence.expression import gate, relu, tanh
from ltd_core.recurrence.step import Step

_FUNCTIONS = {"tanh": tanh, "relu": relu}


class Rnn(Cell):
    """One matrix from state to state."""

    formula: ClassVar[str] = "h_t = f(h_{t-1} W + x_t U + b), h_0 = 0"
    source: ClassVar[str] = "Elman 1990"

    kind: Literal["rnn"] = "rnn"
    nonlinearity: Literal["tanh", "relu"] = Field(default="tanh", description="f.")

    @property
    def step(self) -> Step:
        """Return the formulas of one time step."""
        return _step(self.nonlinearity)


@cache
def _step(nonlinearity: str) -> Step:
    return Step(("a",), (("h", _FUNCTIONS[nonlinearity](gate("a"))),))
