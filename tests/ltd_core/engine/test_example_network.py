"""Gradients of examples: those of minibatches of one, whose mean is the minibatch's."""

from __future__ import annotations

import pytest

from ltd_core.engine.example_network import ExampleNetwork
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from tests.ltd_core.cells.harness import NETWORKS, Case

B = 4


@pytest.mark.parametrize(
    ("problem", "tensors"), [("temporal_order", False), ("adding", False), ("copying", False), ("copying", True)]
)
def test_each_example_is_a_minibatch_of_one(problem: str, *, tensors: bool) -> None:
    case, single = (Case({"kind": "lstm", "hidden_size": 3}, size, problem) for size in (B, 1))
    network, gradient = ExampleNetwork(case.spec, case.rows, tensors=tensors), torch.full_like(case.rows, 9.0)
    reading = network.train(case.rows, gradient, case.batch)
    batch, of_numbers = case.batch, case.spec.problem.right_within is not None
    for b in range(B):
        place = -2 if of_numbers else -1
        part = Batch(batch.inputs[:, :, b : b + 1], batch.targets.narrow(place, b, 1).contiguous(), batch.starts)
        alone = torch.zeros_like(case.rows)
        NETWORKS["machine"](single.spec, case.rows).train(case.rows, alone, part)
        torch.testing.assert_close(network.examples[:, b], alone, rtol=1e-11, atol=1e-14)
    loss, error_rate, expected, norms = case.train("machine")
    torch.testing.assert_close(gradient, expected, rtol=1e-11, atol=1e-14)
    torch.testing.assert_close(network.delta_logs.exp(), norms, rtol=1e-11, atol=1e-14, equal_nan=True)
    torch.testing.assert_close(tuple(reading), (loss, error_rate), rtol=1e-12, atol=1e-15)
