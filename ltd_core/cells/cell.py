"""What a cell is: the recurrence of a network, with its gradient through time."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ltd_core.fields import Count
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from ltd_core.initializations import Initialization
    from ltd_core.randomness import Draws
    from ltd_core.recurrence.step import Step

WIDEST = 2048
_DRAWS_A_GATE = 10
"""Numbers of draws that the weights of one gate may use."""


class Cell(Mechanism):
    """A recurrence h_t = f(h_{t-1}, x_t) of `hidden_size` units, given by the formulas of one step."""

    candidate: ClassVar[int] = 0
    """The gate, counted among those that see h, whose recurrent matrix carries the state itself."""

    hidden_size: Count = Field(default=50, le=WIDEST, description="H, the number of hidden units.")

    @property
    @abstractmethod
    def step(self) -> Step:
        """Return the formulas of one time step."""

    def shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, in the order of storage: W [H, gates H], U [I, gates H], b."""
        step, size = self.step, self.hidden_size
        recurrent, entering = len(step.recurrent) * size, len(step.entering) * size
        shapes: dict[str, tuple[int, ...]] = {
            "W": (size, recurrent),
            "U": (input_size, entering),
            "b": (len(step.gates) * size,),
        }
        return shapes | dict.fromkeys(step.parameters, (size,))

    def draw_weights(self, initialization: Initialization, draws: Draws, input_size: int) -> dict[str, torch.Tensor]:
        """Return the initial weights of one run, float64: each gate's matrices drawn alike, biases 0."""
        step, size = self.step, self.hidden_size
        recurrent = [initialization.recurrent(draws, _DRAWS_A_GATE * g, size) for g in step.recurrent]
        entering = [
            initialization.weight(draws, _DRAWS_A_GATE * g + 1, (input_size, size), initialization.input_gain)
            for g in range(len(step.entering))
        ]
        rest = {n: torch.zeros(s, dtype=torch.float64) for n, s in self.shapes(input_size).items() if n not in "WU"}
        return {"W": torch.cat(recurrent, 1), "U": torch.cat(entering, 1)} | rest
