"""What experiments ask of the engine, against autograd and against runs that are trained alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ltd_core.engine import weights
from ltd_core.engine.for_experiments import example_gradients, final_weights, initial_weights
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.oracle import run_of
from tests.ltd_core.training import alone, small


def test_weights_are_those_of_runs_trained_alone() -> None:
    runs: list[Any] = [small(updates=updates, evaluation={"every": 0}) for updates in (30, 7)]
    layout = Layout(runs[0])
    for run, row in zip(runs, final_weights(runs), strict=True):
        kept = weights(alone(run)[-1].state)
        np.testing.assert_array_equal(row.numpy(), np.concatenate([kept[n].ravel() for n in layout.shapes]))
    np.testing.assert_array_equal(initial_weights(runs[0]).numpy(), layout.initial(runs[0]).float().numpy())
    assert final_weights([]) == []


def test_example_gradients_are_those_of_autograd() -> None:
    spec = run_of(problem={"kind": "temporal_order", "length": 12})
    row = Layout(spec).initial(spec)
    found = example_gradients(spec, row, 300)  # more than one call
    batch = spec.problem.draw(Draws.of([stream_key(spec.seed, "examples")], [0]), 300, torch.float64)
    for b in (0, 7, 255, 256, 299):
        leaf = row.clone().requires_grad_()
        w = {name: view[0] for name, view in Layout(spec).views(leaf.unsqueeze(0)).items()}
        h = torch.zeros(spec.cell.hidden_size, dtype=torch.float64)
        for x in batch.inputs[0, :, b]:
            h = torch.tanh(h @ w["W"] + x @ w["U"] + w["b"])
        loss = torch.nn.functional.cross_entropy((h @ w["V"] + w["c"]).unsqueeze(0), batch.targets[0, b : b + 1])
        torch.testing.assert_close(found[b], torch.autograd.grad(loss, leaf)[0], rtol=1e-10, atol=1e-13)
