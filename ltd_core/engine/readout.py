"""The linear readout of the last state, its loss, and the gradients that start the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from ltd_core.kernels.readout import readout_kernels
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.cells import Extent
    from ltd_core.problems import Problem


class Reading(NamedTuple):
    """loss [K], cross-entropy in nats or mean squared error; error_rate [K]; slopes [K, B, O], d loss / d outputs."""

    loss: torch.Tensor
    error_rate: torch.Tensor
    slopes: torch.Tensor


class Readout(Protocol):
    """Reads the last states [K, B, H] of a minibatch. Weights are named views, each [K, ...]."""

    def read(self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, targets: torch.Tensor) -> Reading:
        """Return loss, error rate and slopes, valid until the next call."""

    def back(
        self,
        weights: Mapping[str, torch.Tensor],
        last: torch.Tensor,
        reading: Reading,
        gradients: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Write the gradients of V and c, and return the one with respect to the last state, [K, B, H]."""


def readout_for(problem: Problem, hidden_size: int, extent: Extent) -> Readout:
    """Return machine code of our own on the CPU, else tensor operations."""
    return MachineReadout(problem, hidden_size, extent) if extent.device == "cpu" else TensorReadout(problem)


class MachineReadout:
    """The readout by kernels: a lane's numbers are computed alike, whatever its neighbors and its place in memory."""

    def __init__(self, problem: Problem, hidden_size: int, extent: Extent) -> None:
        k, b, o, dtype = extent.lanes, extent.batch_size, problem.output_size, extent.dtype
        name = str(dtype).removeprefix("torch.")
        self._kernels = readout_kernels(b, hidden_size, o, problem.right_within, name)
        self._reading = Reading(
            torch.zeros(k, dtype=dtype), torch.zeros(k, dtype=dtype), torch.zeros(k, b, o, dtype=dtype)
        )
        self._delta = torch.zeros(k, b, hidden_size, dtype=dtype)

    def read(self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, targets: torch.Tensor) -> Reading:
        """Return loss, error rate and slopes, valid until the next call."""
        made, targets = self._reading, targets.contiguous()
        tensors = (last, weights["V"], weights["c"], targets, made.slopes, made.loss, made.error_rate)
        self._kernels.read(*(t.data_ptr() for t in tensors), len(last), last.stride(0), weights["V"].stride(0))
        return made

    def back(
        self,
        weights: Mapping[str, torch.Tensor],
        last: torch.Tensor,
        reading: Reading,
        gradients: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Write the gradients of V and c, and return the one with respect to the last state, [K, B, H]."""
        transposed = weights["V"].transpose(1, 2).contiguous()
        tensors = (last, transposed, reading.slopes, gradients["V"], gradients["c"], self._delta)
        self._kernels.back(*(t.data_ptr() for t in tensors), len(last), last.stride(0), gradients["V"].stride(0))
        return self._delta


class TensorReadout:
    """The readout in tensor operations, for any device: what a GPU runs."""

    def __init__(self, problem: Problem) -> None:
        self._within = problem.right_within

    def read(self, weights: Mapping[str, torch.Tensor], last: torch.Tensor, targets: torch.Tensor) -> Reading:
        """Return loss, error rate and slopes."""
        outputs = torch.baddbmm(weights["c"].unsqueeze(1), last, weights["V"])
        read = (
            _read_classes(outputs, targets) if self._within is None else _read_numbers(outputs, targets, self._within)
        )
        loss, wrong, slopes = read
        count = outputs.shape[1]
        return Reading(loss.sum(-1) / count, wrong.sum(-1).to(outputs.dtype) / count, slopes / count)

    def back(
        self,
        weights: Mapping[str, torch.Tensor],
        last: torch.Tensor,
        reading: Reading,
        gradients: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Write the gradients of V and c, and return the one with respect to the last state, [K, B, H]."""
        gradients["V"].copy_(torch.bmm(last.transpose(1, 2), reading.slopes))
        gradients["c"].copy_(reading.slopes.sum(1))
        return torch.bmm(reading.slopes, weights["V"].transpose(1, 2))


def _read_classes(outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the cross-entropy of each sequence, whether its answer is wrong, and the slopes of the sum."""
    shifted = outputs - outputs.amax(-1, keepdim=True)
    powers = torch.exp(shifted)
    total = powers.sum(-1, keepdim=True)
    chosen = (targets.unsqueeze(-1) == torch.arange(outputs.shape[-1], device=outputs.device)).to(outputs.dtype)
    loss = torch.log(total).squeeze(-1) - (shifted * chosen).sum(-1)
    return loss, outputs.argmax(-1) != targets, powers / total - chosen


def _read_numbers(
    outputs: torch.Tensor, targets: torch.Tensor, within: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the squared error of each sequence, whether any number is wrong, and the slopes of the sum."""
    misses = outputs - targets
    return (misses * misses).sum(-1), ~(misses.abs() < within).all(-1), 2.0 * misses
