"""Resolves thresholds that are quantiles of the gradient norms before the first update."""

from __future__ import annotations

from ltd_core.clipping import Clipping
from ltd_core.clipping.threshold import Pilot
from ltd_core.engine.example_network import ExampleNetwork
from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from ltd_core.scaling import norms


def resolved(spec: Training, layout: Layout) -> Clipping:
    """Return the run's rule with a number for its threshold: measured alone and on the CPU, so the same everywhere."""
    pilot = getattr(spec.clipping, "threshold", None)
    if not isinstance(pilot, Pilot):
        return spec.clipping
    measured = _measured(spec, layout, pilot.minibatches)
    threshold = float(torch.quantile(measured.double(), pilot.quantile))
    return spec.clipping.model_copy(update={"threshold": max(threshold, torch.finfo(torch.float32).tiny)})


def _measured(spec: Training, layout: Layout, minibatches: int) -> torch.Tensor:
    """Return what the rule will compare with its threshold: norms of gradients, or |g_i| of their elements."""
    row = layout.effective(layout.initial(spec).unsqueeze(0)).float()
    single = spec.model_copy(update={"dtype": "float32"})
    gradient = torch.zeros_like(row)
    network = ExampleNetwork(single, row) if spec.clipping.per == "example" else MachineNetwork(single, 1)
    measured = []
    for step in range(1, minibatches + 1):
        draws = Draws.of([stream_key(spec.seed, "pilot")], [step])
        network.train(row, gradient, spec.problem.draw(draws, spec.batch_size, torch.float32))
        rows = network.examples[0] if isinstance(network, ExampleNetwork) else gradient
        measured.append(rows.abs().flatten() if spec.clipping.threshold_of == "elements" else norms(rows))
    return _thinned(torch.cat([part[torch.isfinite(part)] for part in measured]))


def _thinned(values: torch.Tensor, most: int = 1_000_000) -> torch.Tensor:
    """Return the values, or `most` of them at even ranks."""
    if len(values) <= most:
        return values if len(values) else torch.ones(1)
    ordered = values.sort()[0]
    return ordered[torch.linspace(0, len(ordered) - 1, most, dtype=torch.float64).round().long()]
