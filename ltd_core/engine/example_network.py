"""A network that returns the gradient of every example, by computing each in a lane with a batch of one."""

from __future__ import annotations

import math

from ltd_core.engine.logarithms import together
from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.engine.network import Omega, Reading
from ltd_core.engine.tensor_network import TensorNetwork
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.problems import Batch


class ExampleNetwork:
    """K lanes of B examples are K B lanes of one."""

    def __init__(self, spec: Training, rows: torch.Tensor, *, tensors: bool = False) -> None:
        lanes, self._each = len(rows), spec.batch_size
        single = spec.model_copy(update={"batch_size": 1})
        many = rows.new_zeros(lanes * self._each, rows.shape[1])
        self._answers = spec.problem.answers
        self._network = TensorNetwork(single, len(many), many) if tensors else MachineNetwork(single, len(many))
        self.omega = Omega(rows.new_zeros(lanes), rows.new_zeros(lanes, 0))
        self.examples = many.view(lanes, self._each, -1)
        """The gradient of every example at the last minibatch, [K, B, P]."""

    @property
    def delta_logs(self) -> torch.Tensor:
        """Return those of the minibatch's deltas, [K, T]: the norms of the examples' are B times as large."""
        logs = self._network.delta_logs.view(-1, self._each, self._network.delta_logs.shape[1]).double()
        return (together(logs[:, 0], logs[:, 1:].unbind(1)) - math.log(self._each)).to(self.examples.dtype)

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, and write the mean gradient, [K, P], and those of the examples."""
        each = self._each
        lanes, steps, _, inputs = batch.inputs.shape
        x = batch.inputs.transpose(1, 2).reshape(lanes * each, steps, 1, inputs)
        alone = Batch(x, self._turned(batch), batch.starts.repeat_interleave(each))
        reading = self._network.train(rows.repeat_interleave(each, 0), self.examples.flatten(0, 1), alone)
        torch.sum(self.examples, 1, out=gradient)
        gradient /= each
        return Reading(reading.loss.view(lanes, each).sum(1) / each, reading.error_rate.view(lanes, each).sum(1) / each)

    def _turned(self, batch: Batch) -> torch.Tensor:
        """Return the targets by example, [K B, R, 1, ...]."""
        targets, lanes = batch.targets, len(batch.inputs)
        answers = self._answers
        shaped = targets.reshape(lanes, answers, self._each, -1)
        turned = shaped.transpose(1, 2).reshape(lanes * self._each, answers, 1, -1)
        return turned.contiguous()
