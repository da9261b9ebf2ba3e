from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from ltd_core.optimizers.sgd import Sgd
from tests.ltd_core.oracle import check_weights


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99])
def test_a_whole_run_is_torchs(momentum: float) -> None:
    check_weights(optimizer={"kind": "sgd", "lr": 0.03, "momentum": momentum})


def test_lanes_have_settings_of_their_own() -> None:
    generator = torch.Generator().manual_seed(3)
    weights, memory = torch.randn(2, 5, generator=generator), {"momentum": torch.zeros(2, 5)}
    settings = {"lr": torch.tensor([0.1, 0.01]), "momentum": torch.tensor([0.9, 0.0])}
    parameters = [weights[k].clone().requires_grad_() for k in range(2)]
    theirs = [torch.optim.SGD([parameters[0]], 0.1, 0.9), torch.optim.SGD([parameters[1]], 0.01)]
    for _ in range(5):
        gradient = torch.randn(2, 5, generator=generator)
        weights, memory = Sgd.step(weights, gradient, memory, settings)
        for k in range(2):
            parameters[k].grad = gradient[k]
            theirs[k].step()
    torch.testing.assert_close(weights, torch.stack([p.detach() for p in parameters]))
