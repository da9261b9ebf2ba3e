"""A network in tensor operations, for any device: what a GPU runs. No operation waits for the device."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ltd_core.engine.layout import Layout
from ltd_core.engine.logarithms import together
from ltd_core.engine.network import Omega, Reading
from ltd_core.engine.tensor_layer import TensorLayer
from ltd_core.experiments.training import Training
from ltd_core.kernels.omega import USABLE
from ltd_core.lazy import torch
from ltd_core.problems import Batch, Problem
from ltd_core.scaling import scaled


class TensorNetwork:
    """Steps all lanes at once; a lane's states and deltas are zero before its start."""

    def __init__(self, spec: Training, lanes: int, rows: torch.Tensor) -> None:
        self._spec, self._layout = spec, Layout(spec)
        self.delta_logs = rows.new_zeros(lanes, spec.problem.longest)
        self.omega = Omega(rows.new_zeros(lanes), rows.new_zeros(lanes, 0))

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, and write the gradient of every weight; both are [K, P]."""
        problem, steps = self._spec.problem, batch.inputs.shape[1]
        weights, gradients = self._layout.views(rows), self._layout.views(gradient)
        layers = run(self._spec, weights, batch)
        last = layers[-1].last(problem.answers)  # [K, R B, H]
        reading, slopes = read(weights, last, batch.targets, problem)
        gradients["V"].copy_(torch.bmm(last.transpose(1, 2), slopes))
        gradients["c"].copy_(slopes.sum(1))
        given = torch.bmm(slopes, weights["V"].transpose(1, 2)).view(len(rows), problem.answers, -1, last.shape[2])
        logs, exponents = list[torch.Tensor](), None
        for layer in reversed(layers):
            layer.back(given, exponents)
            for name, value in layer.gradients().items():
                gradients[name].copy_(value)
            if layer is not layers[0]:
                given, exponents = layer.below(), layer.exponents
            norms = torch.linalg.vector_norm(layer.deltas, dim=(2, 3), dtype=torch.float64)
            logs.append((norms.log() - layer.exponents.double() * math.log(2.0)).t())
        begun = torch.arange(steps, device=rows.device) >= batch.starts.unsqueeze(1)
        self.delta_logs.copy_(torch.where(begun, together(logs[0], logs[1:]), torch.nan).flip(1))
        if self._spec.regularizer.ratio_of:
            self.omega = _omega(layers[0], self._spec.regularizer.ratio_of)
        return reading


def tensor_judge(spec: Training, rows: torch.Tensor, batch: Batch) -> Reading:
    """Return what was read with weights [K, P]."""
    weights = Layout(spec).views(rows)
    last = run(spec, weights, batch)[-1].last(spec.problem.answers)
    return read(weights, last, batch.targets, spec.problem)[0]


def run(spec: Training, weights: Mapping[str, torch.Tensor], batch: Batch) -> list[TensorLayer]:
    """Return the layers after their forward pass."""
    layers, inputs = list[TensorLayer](), batch.inputs
    for layer in range(spec.cell.layers):
        layers.append(TensorLayer(spec.cell, weights, layer))
        inputs = layers[-1].forward(inputs, batch.starts)
    return layers


def _omega(layer: TensorLayer, ratio_of: str) -> Omega:
    """Return the regularizer with delta held constant, and its gradient for W (see ltd_core.kernels.omega)."""
    d, v = layer.deltas[1:], layer.pushed[1:]  # [T - 1, K, B, H], of the steps from the second on
    live = layer.live[:-1, :, :, 0]  # the state before the step is no variable at the first
    below = (d * d).sum(-1)
    least = scaled(torch.full_like(below, USABLE), 2 * layer.exponents[1:, :, None])
    usable = (below >= least.clamp(min=torch.finfo(d.dtype).tiny)).to(d.dtype) * live
    below = torch.where(usable > 0, below, torch.ones_like(below))
    ratio = (v * v).sum(-1) / below
    if ratio_of == "squares":
        away = ratio - 1.0
        slope = 4.0 * away
    else:
        root = ratio.sqrt()
        away = root - 1.0
        slope = 2.0 * torch.where(root > 0, away / torch.where(root > 0, root, 1.0), 0.0)
    count = usable.sum(-1, keepdim=True)
    share = usable / torch.where(count > 0, count, torch.ones_like(count))
    value = (away * away * share).sum((0, 2))
    weighed = v * (slope / below * share).unsqueeze(-1)
    slopes = layer.slopes[1:, :, :, : len(layer.cell.step.recurrent)].flatten(3)
    return Omega(value, torch.einsum("tkbh,tkbg->khg", weighed, slopes).flatten(1))


def read(
    weights: Mapping[str, torch.Tensor], last: torch.Tensor, targets: torch.Tensor, problem: Problem
) -> tuple[Reading, torch.Tensor]:
    """Return what was read, and d loss / d outputs, [K, R B, O]."""
    outputs = torch.baddbmm(weights["c"].unsqueeze(1), last, weights["V"])
    within, (lanes, count, size) = problem.right_within, outputs.shape
    if within is None:
        loss, wrong, slopes = _classes(outputs, targets.reshape(lanes, count))
    else:
        loss, wrong, slopes = _numbers(outputs, targets.reshape(lanes, count, size), within)
    scored = count // problem.answers * problem.scored
    return Reading(loss.sum(-1) / count, wrong[:, count - scored :].sum(-1).to(outputs.dtype) / scored), slopes / count


def _classes(outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the cross-entropy of each sequence, whether its answer is wrong, and the slopes of the sum."""
    shifted = outputs - outputs.amax(-1, keepdim=True)
    powers = torch.exp(shifted)
    total = powers.sum(-1, keepdim=True)
    chosen = (targets.unsqueeze(-1) == torch.arange(outputs.shape[-1], device=outputs.device)).to(outputs.dtype)
    loss = torch.log(total).squeeze(-1) - (shifted * chosen).sum(-1)
    return loss, outputs.argmax(-1) != targets, powers / total - chosen


def _numbers(
    outputs: torch.Tensor, targets: torch.Tensor, within: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the squared error of each sequence, whether any number is wrong, and the slopes of the sum."""
    misses = outputs - targets
    return (misses * misses).sum(-1), ~(misses.abs() < within).all(-1), 2.0 * misses
