"""What a cell is: the recurrence of a network, with its gradient through time."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from pydantic import Field

from ltd_core.cells.machine import MachineProgram, machine_last_state
from ltd_core.cells.tensors import TensorProgram, tensor_last_state
from ltd_core.fields import Count
from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.initializations import Initialization
    from ltd_core.randomness import Draws
    from ltd_core.recurrence.step import Step

WIDEST = 2048
_DRAWS_A_GATE = 10
"""Numbers of draws that the weights of one gate may use."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Sizes of a pack's tensors: K lanes, T time steps, B sequences, I inputs, and where they live."""

    lanes: int
    steps: int
    batch_size: int
    input_size: int
    dtype: torch.dtype
    device: str


class CellProgram(Protocol):
    """A cell with buffers for one extent. Weights are named views, each [K, ...]."""

    delta_norms: torch.Tensor
    """Norms of d loss / d h_1 .. d loss / d h_T in the last backward pass, [K, T]; valid from a lane's start on."""

    def forward(self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Return the last state [K, B, H] for inputs [K, T, B, I]; lane k starts from 0 at time step starts[k]."""

    def backward(
        self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, gradients: Mapping[str, torch.Tensor]
    ) -> None:
        """Write the gradient of every weight; `last` is the gradient with respect to the last state, [K, B, H]."""


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

    def program(self, extent: Extent) -> CellProgram:
        """Return a program for training in an extent: machine code of our own on the CPU, else tensor operations."""
        make = MachineProgram if extent.device == "cpu" else TensorProgram
        return make(self.step, self.hidden_size, extent)

    def last_state(
        self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: torch.Tensor
    ) -> torch.Tensor:
        """Return the last state [K, B, H] without keeping the others; inputs are [K, T, B, I]."""
        run = machine_last_state if inputs.device.type == "cpu" else tensor_last_state
        return run(self.step, weights, inputs, starts)
