"""The regularizer's trace: what plain code gives at the same weights and minibatches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.oracle import run_of
from tests.ltd_core.training import alone


def by_hand(spec: Any, step: int) -> float:
    """Return Omega (of squares) at the initial weights, by autograd over a loop."""
    w = {n: v[0] for n, v in Layout(spec).views(Layout(spec).initial(spec).unsqueeze(0)).items()}
    batch = spec.problem.draw(Draws.of([stream_key(spec.seed, "data")], [step]), spec.batch_size, torch.float64)
    states = [torch.zeros(spec.batch_size, spec.cell.hidden_size, dtype=torch.float64, requires_grad=True)]
    for x in batch.inputs[0, int(batch.starts[0]) :]:
        states.append(torch.tanh(states[-1] @ w["W"] + x @ w["U"] + w["b"]))
    loss = torch.nn.functional.cross_entropy(states[-1] @ w["V"] + w["c"], batch.targets[0])
    deltas = torch.autograd.grad(loss, states, retain_graph=True)
    total = 0.0
    for t in range(2, len(states)):
        (pushed,) = torch.autograd.grad(states[t], states[t - 1], deltas[t], retain_graph=True)
        ratio = pushed.square().sum(1) / deltas[t].square().sum(1)
        total += float((ratio - 1.0).square().mean())
    return total


def test_the_trace_is_the_regularizer_at_each_minibatch() -> None:
    spec = run_of(regularizer={"kind": "omega"}, optimizer={"kind": "sgd", "lr": 1e-14}, updates=4)
    (progress,) = alone(spec)
    (values,) = [block.values for block in progress.blocks if block.name == "omega"]
    np.testing.assert_allclose(values, [by_hand(spec, step) for step in range(1, 5)], rtol=1e-7)


@pytest.mark.parametrize("name", ["omega", "omega_gradient_norm"])
def test_runs_without_a_regularizer_have_no_such_trace(name: str) -> None:
    assert name not in {info.name for info in run_of().traces()}
