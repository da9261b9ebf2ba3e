"""The plain recurrence against torch.nn.RNNCell and a closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltd_core.cells import Extent
from ltd_core.cells.rnn import Rnn
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import INPUTS, PROGRAMS, SIZES, Case, Weights, check_against_torch, functional

if TYPE_CHECKING:
    from ltd_core.cells.machine import MachineProgram
    from ltd_core.cells.tensors import TensorProgram


@pytest.mark.parametrize("program_of", PROGRAMS)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_states_gradients_and_deltas_are_torchs(
    program_of: type[MachineProgram | TensorProgram], nonlinearity: str, sizes: tuple[int, int]
) -> None:
    size, batch_size = sizes
    theirs = torch.nn.RNNCell(INPUTS, size, nonlinearity=nonlinearity, dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        zero = torch.zeros_like(w["b"])
        names = {"weight_hh": w["W"].t(), "weight_ih": w["U"].t(), "bias_ih": w["b"], "bias_hh": zero}
        return (functional(theirs, names, x, states[0]),)

    check_against_torch(Case(Rnn(hidden_size=size, nonlinearity=nonlinearity), batch_size), program_of, step)


@pytest.mark.parametrize("program_of", PROGRAMS)
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_deltas_of_a_linear_network_are_powers(program_of: type[MachineProgram | TensorProgram], factor: float) -> None:
    """With W = a I and positive states, delta_t = a^(T - t) delta_T (Pascanu, Mikolov and Bengio 2013)."""
    cell, steps, starts = Rnn(hidden_size=4, nonlinearity="relu"), 120, torch.tensor([0])
    flat = torch.cat([factor * torch.eye(4).view(1, 16), torch.ones(1, 4), torch.zeros(1, 4)], 1)
    out = torch.zeros_like(flat)

    def views(rows: torch.Tensor) -> Weights:
        return {"W": rows[:, :16].view(1, 4, 4), "U": rows[:, 16:20].view(1, 1, 4), "b": rows[:, 20:]}

    program = program_of(cell.step, 4, Extent(1, steps, 2, 1, torch.float32, "cpu"))
    program.forward(views(flat), torch.full((1, steps, 2, 1), 1e-30), starts)
    program.backward(views(flat), torch.full((1, 2, 4), 1e-3), views(out))
    lags = torch.arange(steps - 1, -1, -1, dtype=torch.float64)
    expected = (8**0.5 * 1e-3 * factor**lags).float()
    torch.testing.assert_close(program.delta_norms[0], expected, rtol=1e-5, atol=0)
