from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from ltd_core.optimizers.sgd import Sgd
from tests.ltd_core.oracle import check_weights


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99])
def test_a_whole_run_is_torchs(momentum: float) -> None:
    check_weights(optimizer={"kind": "sgd", "lr": 0.03, "momentum": momentum})


def test_many_steps_with_settings_of_each_lane_are_torchs() -> None:
    generator = torch.Generator().manual_seed(3)
    rates, momenta = [0.1, 0.01, 1e-300, 1.5], [0.9, 0.0, 0.5, 0.999]
    settings = {
        "lr": torch.tensor(rates, dtype=torch.float64),
        "momentum": torch.tensor(momenta, dtype=torch.float64),
    }
    weights = torch.randn(4, 50, generator=generator, dtype=torch.float64)
    memory = {name: torch.zeros_like(weights) for name in Sgd.memory}
    parameters = [row.clone().requires_grad_() for row in weights]
    theirs = [torch.optim.SGD([p], r, m) for p, r, m in zip(parameters, rates, momenta, strict=True)]
    for _ in range(100):
        gradient = torch.randn(4, 50, generator=generator, dtype=torch.float64)
        before = weights.clone()
        moved, memory = Sgd.step(weights, gradient, memory, settings)
        assert torch.equal(weights, before)  # the old ones stay as they are
        weights = moved
        for row, parameter, optimizer in zip(gradient, parameters, theirs, strict=True):
            parameter.grad = row
            optimizer.step()
    torch.testing.assert_close(weights, torch.stack([p.detach() for p in parameters]), rtol=1e-12, atol=1e-12)


def test_a_constant_slope_reaches_its_final_speed() -> None:
    """The velocity tends to g / (1 - momentum)."""
    weights, memory = torch.zeros(1, 1).double(), {"momentum": torch.zeros(1, 1).double()}
    settings = {"lr": torch.ones(1).double(), "momentum": torch.tensor([0.75]).double()}
    for _ in range(200):
        weights, memory = Sgd.step(weights, torch.ones(1, 1).double(), memory, settings)
    assert abs(memory["momentum"].item() - 4.0) < 1e-12
