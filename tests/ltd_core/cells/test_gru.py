"""The gated recurrent unit against torch.nn.GRUCell."""

from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import NETWORKS, SIZES, Case, States, Weights, check_against_torch, functional


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_loss_gradients_and_deltas_are_torchs(network: str, sizes: tuple[int, int]) -> None:
    size, batch_size = sizes
    case = Case({"kind": "gru", "hidden_size": size}, batch_size)
    theirs = torch.nn.GRUCell(case.spec.problem.input_size, size, dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: States) -> States:
        """Torch's gates are r, z, n; ours that see h are n, r, z, those that see x are r, z, n."""
        n, r, z = w["W"].split(size, dim=1)
        bias_n, bias_r, bias_z, bias_x = w["b"].split(size)
        names = {
            "weight_hh": torch.cat([r, z, n], 1).t(),
            "weight_ih": w["U"].t(),
            "bias_hh": torch.cat([torch.zeros_like(bias_r), torch.zeros_like(bias_z), bias_n]),
            "bias_ih": torch.cat([bias_r, bias_z, bias_x]),
        }
        return (functional(theirs, names, x, states[0]),)

    check_against_torch(case, network, step)
