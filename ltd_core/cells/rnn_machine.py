"""The plain recurrence as machine code of our own, on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.kernels.rnn import last_state_kernel, rnn_kernels
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltd_core.cells.cell import Extent
    from ltd_core.cells.rnn import Rnn


class RnnMachineProgram:
    """Buffers for the kernels: states [K, T+1, B, H], slopes [K, T, B, H]; nothing before a lane's start is read."""

    def __init__(self, cell: Rnn, extent: Extent) -> None:
        k, t, b, h = extent.lanes, extent.steps, extent.batch_size, cell.hidden_size
        self._kernels = rnn_kernels(b, extent.input_size, h, cell.nonlinearity, _name(extent.dtype))
        self._sizes = k, t
        self.delta_norms = torch.zeros(k, t, dtype=extent.dtype)
        self._states = torch.zeros(k, t + 1, b, h, dtype=extent.dtype)
        self._slopes = torch.zeros(k, t, b, h, dtype=extent.dtype)
        self._starts = torch.zeros(k, dtype=torch.int64)
        self._inputs = torch.empty(0)

    def forward(self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]) -> torch.Tensor:
        """Return the last state [K, B, H]."""
        self._inputs = inputs.contiguous()
        self._starts = torch.tensor(starts)
        self._kernels.forward(
            *_pointers(self._starts, self._inputs, *_matrices(weights), self._states),
            *self._sizes,
            weights["W"].stride(0),
        )
        return self._states[:, -1]

    def backward(
        self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, gradients: Mapping[str, torch.Tensor]
    ) -> None:
        """Write the gradients of W, U and b, and the norms of the deltas."""
        transposed, last = weights["W"].transpose(1, 2).contiguous(), last.contiguous()
        pointers = _pointers(self._starts, last, transposed, self._states, self._slopes, self.delta_norms)
        self._kernels.backward(*pointers, *self._sizes)
        self._kernels.gradients(
            *_pointers(self._starts, self._inputs, self._states, self._slopes, *_matrices(gradients)),
            *self._sizes,
            gradients["W"].stride(0),
        )


def machine_last_state(
    cell: Rnn, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]
) -> torch.Tensor:
    """Return the last state [K, B, H] without keeping the others."""
    lanes, steps, batch_size, entering = inputs.shape
    kernel = last_state_kernel(batch_size, entering, cell.hidden_size, cell.nonlinearity, _name(inputs.dtype))
    states = torch.empty(lanes, 2, batch_size, cell.hidden_size, dtype=inputs.dtype)
    inputs, first = inputs.contiguous(), torch.tensor(starts)
    kernel(*_pointers(first, inputs, *_matrices(weights), states), lanes, steps, weights["W"].stride(0))
    return states[:, steps % 2]


def _matrices(weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return W, U and b: views into rows that are equally far apart."""
    return weights["W"], weights["U"], weights["b"]


def _pointers(*tensors: torch.Tensor) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
