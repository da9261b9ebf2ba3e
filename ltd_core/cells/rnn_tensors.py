"""The plain recurrence in tensor operations, for any device: what a GPU runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ltd_core.cells.nonlinearities import NONLINEARITIES
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ltd_core.cells.cell import Extent
    from ltd_core.cells.rnn import Rnn


class RnnTensorProgram:
    """Buffers with the lane outermost, so that a lane's numbers are computed alike wherever it sits.

    states [K, T+1, B, H] with states[:, 0] = 0; slopes[:, t] = gradient with respect to the pre-activation of step t.
    """

    def __init__(self, cell: Rnn, extent: Extent) -> None:
        k, t, b, h = extent.lanes, extent.steps, extent.batch_size, cell.hidden_size
        zeros = partial(torch.zeros, dtype=extent.dtype, device=extent.device)
        self.nonlinearity = NONLINEARITIES[cell.nonlinearity]
        self.states = zeros(k, t + 1, b, h)
        self.slopes = zeros(k, t, b, h)
        self.drive = zeros(k, t * b, h)
        self.delta_norms = zeros(k, t)
        self._deltas = zeros(t, k, b, h)
        self.starts: Sequence[int] = [0] * k
        self._scratch = zeros(k, b, h)
        self._transposed = zeros(k, h, h)
        self._inputs = torch.empty(0)
        self._state_at = self.states.unbind(1)
        self._slope_at = self.slopes.unbind(1)
        self._drive_at = self.drive.view(k, t, b, h).unbind(1)
        self._delta_at = self._deltas.unbind(0)

    def forward(self, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]) -> torch.Tensor:
        """Return the last state [K, B, H]."""
        self._inputs, self.starts = inputs, starts
        _drive(weights, inputs, out=self.drive)
        activate, recurrent, scratch = self.nonlinearity.forward, weights["W"], self._scratch
        state_at, drive_at = self._state_at, self._drive_at
        first, last = min(starts), len(drive_at)
        beginning = _by_start(starts)
        state_at[first].zero_()
        for t in range(first, last):
            if t in beginning:
                for lane in beginning[t]:
                    self.states[lane, : t + 1].zero_()  # only what its neighbors computed
            torch.baddbmm(drive_at[t], state_at[t], recurrent, out=scratch)
            activate(scratch, state_at[t + 1])
        return state_at[last]

    def backward(
        self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, gradients: Mapping[str, torch.Tensor]
    ) -> None:
        """Write the gradients of W, U and b, and the norms of the deltas (in double precision: they may vanish)."""
        slope_of, transposed = self.nonlinearity.backward, self._transposed
        state_at, slope_at, delta_at = self._state_at, self._slope_at, self._delta_at
        transposed.copy_(weights["W"].transpose(1, 2))
        delta_at[-1].copy_(last)
        first = min(self.starts)
        beginning = _by_start(self.starts)
        for t in range(len(slope_at) - 1, first - 1, -1):
            slope_of(delta_at[t], state_at[t + 1], slope_at[t])
            if t > first:
                torch.bmm(slope_at[t], transposed, out=delta_at[t - 1])
                for lane in beginning.get(t, ()):
                    delta_at[t - 1][lane].zero_()
        self.slopes[:, :first].zero_()
        self._deltas[:first].zero_()
        self.delta_norms.copy_(torch.linalg.vector_norm(self._deltas, dim=(2, 3), dtype=torch.float64).t())
        self._products(gradients)

    def _products(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """Sum the weight gradients: one product over all T * B rows of a lane."""
        k, t, b, h = self.slopes.shape
        slopes = self.slopes.view(k, t * b, h)
        before = self.states[:, :-1].flatten(1, 2)
        inputs = self._inputs.flatten(1, 2)
        gradients["W"].copy_(torch.bmm(before.transpose(1, 2), slopes))
        gradients["U"].copy_(torch.bmm(inputs.transpose(1, 2), slopes))
        gradients["b"].copy_(slopes.sum(1))


def _drive(weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """Return x_t U + b for all steps at once, [K, T * B, H]."""
    return torch.baddbmm(weights["b"].unsqueeze(1), inputs.flatten(1, 2), weights["U"], out=out)


def _by_start(starts: Sequence[int]) -> dict[int, list[int]]:
    lanes: dict[int, list[int]] = {}
    for lane, start in enumerate(starts):
        if start:
            lanes.setdefault(start, []).append(lane)
    return lanes


def tensor_last_state(
    cell: Rnn, weights: Mapping[str, torch.Tensor], inputs: torch.Tensor, starts: Sequence[int]
) -> torch.Tensor:
    """Return the last state [K, B, H] without keeping the others."""
    forward = NONLINEARITIES[cell.nonlinearity].forward
    lanes, steps, batch_size, _ = inputs.shape
    drive = _drive(weights, inputs).view(lanes, steps, batch_size, cell.hidden_size)
    state = torch.zeros(lanes, batch_size, cell.hidden_size, dtype=inputs.dtype, device=inputs.device)
    beginning = _by_start(starts)
    for t in range(min(starts), steps):
        for lane in beginning.get(t, ()):
            state[lane].zero_()
        forward(torch.baddbmm(drive[:, t], state, weights["W"]), state)
    return state
