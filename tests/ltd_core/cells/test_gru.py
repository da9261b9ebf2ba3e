"""The gated recurrent unit against torch.nn.GRUCell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltd_core.cells.gru import Gru
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import INPUTS, PROGRAMS, SIZES, Case, Weights, check_against_torch, functional

if TYPE_CHECKING:
    from ltd_core.cells.machine import MachineProgram
    from ltd_core.cells.tensors import TensorProgram


@pytest.mark.parametrize("program_of", PROGRAMS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_states_gradients_and_deltas_are_torchs(
    program_of: type[MachineProgram | TensorProgram], sizes: tuple[int, int]
) -> None:
    size, batch_size = sizes
    theirs = torch.nn.GRUCell(INPUTS, size, dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """Torch's gates are r, z, n; ours that see h are n, r, z, those that see x are r, z, n."""
        n, r, z = w["W"].split(size, dim=1)
        bias_n, bias_r, bias_z, bias_x = w["b"].split(size)
        zero = torch.zeros_like(bias_r)
        names = {
            "weight_hh": torch.cat([r, z, n], 1).t(),
            "weight_ih": w["U"].t(),
            "bias_hh": torch.cat([zero, zero, bias_n]),
            "bias_ih": torch.cat([bias_r, bias_z, bias_x]),
        }
        return (functional(theirs, names, x, states[0]),)

    check_against_torch(Case(Gru(hidden_size=size), batch_size), program_of, step)
