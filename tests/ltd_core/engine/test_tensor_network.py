"""The readout in tensor operations against torch's own losses."""

from __future__ import annotations

import pytest

from ltd_core.engine.tensor_network import read
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import Case


@pytest.mark.parametrize("problem", ["temporal_order", "adding", "copying"])
def test_what_is_read_is_torchs(problem: str) -> None:
    case = Case({"kind": "rnn", "hidden_size": 5}, 3, problem)
    weights, asked = case.layout.views(case.rows), case.spec.problem
    lanes, count = len(case.rows), asked.answers * 3
    last = torch.randn(lanes, count, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    reading, slopes = read(weights, last, case.batch.targets, asked)
    for lane in range(lanes):
        outputs = (last[lane] @ weights["V"][lane] + weights["c"][lane]).requires_grad_()
        targets = case.batch.targets[lane]
        if asked.right_within is None:
            loss = torch.nn.functional.cross_entropy(outputs, targets.flatten())
            wrong = outputs.argmax(-1) != targets.flatten()
        else:
            loss = (outputs - targets).square().sum(-1).mean()
            wrong = ((outputs - targets).abs() >= asked.right_within).any(-1)
        loss.backward()
        torch.testing.assert_close(reading.loss[lane], loss.detach(), rtol=1e-13, atol=0)
        torch.testing.assert_close(slopes[lane], outputs.grad, rtol=1e-12, atol=1e-15)
        assert reading.error_rate[lane] == wrong[-asked.scored * 3 :].double().mean()
