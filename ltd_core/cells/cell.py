"""What a cell is: the recurrence of a network, with its gradient through time."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from ltd_core.fields import Count
from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltd_core.initializations import Initialization
    from ltd_core.lazy import torch
    from ltd_core.randomness import Draws

WIDEST = 2048


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

    def forward(self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]) -> torch.Tensor:
        """Return the last state [K, B, H] for inputs [K, T, B, I]; lane k starts from 0 at time step starts[k]."""

    def backward(
        self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, gradients: Mapping[str, torch.Tensor]
    ) -> None:
        """Write the gradient of every weight; `last` is the gradient with respect to the last state, [K, B, H]."""


class Cell(Mechanism):
    """A recurrence h_t = f(h_{t-1}, x_t) of `hidden_size` units."""

    hidden_size: Count = Field(default=50, le=WIDEST, description="H, the number of hidden units.")

    @abstractmethod
    def shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight, in the order in which they are stored."""

    @abstractmethod
    def draw_weights(self, initialization: Initialization, draws: Draws, input_size: int) -> dict[str, torch.Tensor]:
        """Return the initial weights of one run, float64."""

    @abstractmethod
    def program(self, extent: Extent) -> CellProgram:
        """Return a program for training in an extent."""

    @abstractmethod
    def last_state(
        self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]
    ) -> torch.Tensor:
        """Return the last state [K, B, H] without keeping the others; inputs are [K, T, B, I]."""
