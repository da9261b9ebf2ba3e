"""A cell as machine code of our own, on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.kernels.recurrence import last_state_kernel, recurrence_kernels
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.cells.cell import Extent
    from ltd_core.recurrence.step import Step


class MachineProgram:
    """Buffers for the kernels: states [K, S, T+1, B, H], tape [K, T, B, Z, H]; read from a lane's start on."""

    def __init__(self, step: Step, hidden_size: int, extent: Extent) -> None:
        k, t, b, h = extent.lanes, extent.steps, extent.batch_size, hidden_size
        self._kernels = recurrence_kernels(step, b, extent.input_size, h, _name(extent.dtype))
        self._sizes = k, t
        self.delta_norms = torch.zeros(k, t, dtype=extent.dtype)
        self._states = torch.zeros(k, len(step.states), t + 1, b, h, dtype=extent.dtype)
        self._tape = torch.zeros(k, t, b, step.slots, h, dtype=extent.dtype)
        self._carry = torch.zeros(len(step.states), b, h, dtype=extent.dtype)
        self._starts, self._inputs = torch.empty(0), torch.empty(0)

    def forward(self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Return the last state [K, B, H]."""
        self._inputs, self._starts = inputs.contiguous(), starts.contiguous()
        tensors = (self._starts, self._inputs, *_matrices(weights), self._states, self._tape)
        self._kernels.forward(*_pointers(*tensors), *self._sizes, weights["W"].stride(0))
        return self._states[:, 0, -1]

    def backward(
        self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, gradients: Mapping[str, torch.Tensor]
    ) -> None:
        """Write the gradient of every weight, and the norms of the deltas."""
        transposed, last = weights["W"].transpose(1, 2).contiguous(), last.contiguous()
        memory = (self._states, self._tape, self._carry, self.delta_norms)
        pointers = _pointers(self._starts, last, transposed, weights["b"], *memory)
        self._kernels.backward(*pointers, *self._sizes, weights["W"].stride(0))
        pointers = _pointers(self._starts, self._inputs, self._states, self._tape, *_matrices(gradients))
        self._kernels.gradients(*pointers, *self._sizes, gradients["W"].stride(0))


def machine_last_state(
    step: Step, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: torch.Tensor
) -> torch.Tensor:
    """Return the last state [K, B, H] without keeping the others."""
    lanes, steps, batch_size, entering = inputs.shape
    size = weights["W"].shape[1]
    kernel = last_state_kernel(step, batch_size, entering, size, _name(inputs.dtype))
    states = torch.empty(lanes, len(step.states), 2, batch_size, size, dtype=inputs.dtype)
    inputs, starts = inputs.contiguous(), starts.contiguous()
    pointers = _pointers(starts, inputs, *_matrices(weights), states, states)
    kernel(*pointers, lanes, steps, weights["W"].stride(0))
    return states[:, 0, steps % 2]


def _matrices(weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return W, U and b, behind which the step's parameters lie: views into rows that are equally far apart."""
    return weights["W"], weights["U"], weights["b"]


def _pointers(*tensors: torch.Tensor) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
