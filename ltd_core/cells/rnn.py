"""The plain recurrent network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ltd_core.cells.cell import Cell, CellProgram, Extent
from ltd_core.cells.rnn_machine import RnnMachineProgram, machine_last_state
from ltd_core.cells.rnn_tensors import RnnTensorProgram, tensor_last_state
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltd_core.initializations import Initialization
    from ltd_core.randomness import Draws


class Rnn(Cell):
    """One matrix from state to state."""

    formula: ClassVar[str] = "h_t = f(h_{t-1} W + x_t U + b), h_0 = 0"
    source: ClassVar[str] = "Elman 1990"

    kind: Literal["rnn"] = "rnn"
    nonlinearity: Literal["tanh", "relu"] = Field(default="tanh", description="f.")

    def shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of W, U and b."""
        size = self.hidden_size
        return {"W": (size, size), "U": (input_size, size), "b": (size,)}

    def draw_weights(self, initialization: Initialization, draws: Draws, input_size: int) -> dict[str, torch.Tensor]:
        """Return W, U and b."""
        size = self.hidden_size
        return {
            "W": initialization.recurrent(draws, 0, size),
            "U": initialization.weight(draws, 1, (input_size, size), initialization.input_gain),
            "b": torch.zeros(size, dtype=torch.float64),
        }

    def program(self, extent: Extent) -> CellProgram:
        """Return machine code of our own on the CPU, else tensor operations."""
        return RnnMachineProgram(self, extent) if extent.device == "cpu" else RnnTensorProgram(self, extent)

    def last_state(
        self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]
    ) -> torch.Tensor:
        """Return the last state [K, B, H]."""
        run = machine_last_state if inputs.device.type == "cpu" else tensor_last_state
        return run(self, weights, inputs, starts)
