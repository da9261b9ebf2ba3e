"""The exact gradient of Omega, also through delta: by double backpropagation, lane by lane."""

from __future__ import annotations

from ltd_core.engine.layout import Layout
from ltd_core.engine.network import Network, Omega, Reading
from ltd_core.engine.tensor_network import read, run
from ltd_core.experiments.training import Training
from ltd_core.kernels.omega import USABLE
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.scaling import exponent_of, scaled


class ExactOmega:
    """Adds the exact Omega, with a gradient of all weights, to a network; expensive, and never recorded as a graph."""

    def __init__(self, spec: Training, rows: torch.Tensor, network: Network) -> None:
        self._spec, self._layout, self._network = spec, Layout(spec), network
        self.omega = Omega(rows.new_zeros(len(rows)), torch.zeros_like(rows))

    @property
    def delta_logs(self) -> torch.Tensor:
        """Return those of the network."""
        return self._network.delta_logs

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, and write the gradient of the loss alone; both are [K, P]."""
        for lane in range(len(rows)):
            one = slice(lane, lane + 1)
            alone = Batch(batch.inputs[one], batch.targets[one], batch.starts[one])
            with torch.enable_grad():
                value, slope = self._of(rows[one].clone(), alone)
            self.omega.value[lane], self.omega.gradient[lane] = value, slope
        return self._network.train(rows, gradient, batch)

    def _of(self, row: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return Omega and its gradient, [P], of one lane."""
        row.requires_grad_()
        weights = self._layout.views(row)
        (layer,) = run(self._spec, weights, batch)
        states = layer.states[int(batch.starts[0]) + 1 :]
        reading, _ = read(weights, layer.last(self._spec.problem.answers), batch.targets, self._spec.problem)
        deltas = torch.autograd.grad(reading.loss.sum(), states, create_graph=True, materialize_grads=True)
        value = row.sum() * 0.0
        for before, after, delta in zip(states, states[1:], deltas[1:], strict=False):
            exponent = exponent_of(delta.detach().abs().amax(-1, keepdim=True))  # the ratio does not know it
            near = scaled(delta, -exponent)
            (pushed,) = torch.autograd.grad(after, before, near, create_graph=True)
            value = value + self._term(
                near, pushed, scaled(torch.full_like(near[..., 0], USABLE), -2 * exponent[..., 0])
            )
        (slope,) = torch.autograd.grad(value, row)
        return value.detach(), slope[0]

    def _term(self, delta: torch.Tensor, pushed: torch.Tensor, least: torch.Tensor) -> torch.Tensor:
        """Return the mean over the usable sequences of one step; both are [1, B, H], usable from |d|^2 [1, B] on."""
        below = (delta * delta).sum(-1)
        usable = (below >= least) & (below > 0)
        ratio = (pushed * pushed).sum(-1) / torch.where(usable, below, 1.0)
        if self._spec.regularizer.exact_ratio_of == "norms":
            ratio = torch.where(ratio > 0, torch.where(ratio > 0, ratio, 1.0).sqrt(), 0.0)
        away = torch.where(usable, ratio - 1.0, 0.0)
        return (away * away).sum() / usable.sum().clamp(min=1)
