"""Long short-term memory against torch.nn.LSTMCell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltd_core.cells.lstm import Lstm
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import INPUTS, PROGRAMS, SIZES, Case, Weights, check_against_torch

if TYPE_CHECKING:
    from ltd_core.cells.machine import MachineProgram
    from ltd_core.cells.tensors import TensorProgram


@pytest.mark.parametrize("program_of", PROGRAMS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_states_gradients_and_deltas_are_torchs(
    program_of: type[MachineProgram | TensorProgram], sizes: tuple[int, int]
) -> None:
    size, batch_size = sizes
    theirs = torch.nn.LSTMCell(INPUTS, size, dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        zero = torch.zeros_like(w["b"])
        names = {"weight_hh": w["W"].t(), "weight_ih": w["U"].t(), "bias_ih": w["b"], "bias_hh": zero}
        return torch.func.functional_call(theirs, names, (x, states))

    check_against_torch(Case(Lstm(hidden_size=size), batch_size), program_of, step)


def test_the_forget_gate_starts_open() -> None:
    cell = Lstm(hidden_size=3, forget_bias=2.5)
    weights = cell.draw_weights(INITIALIZATIONS["spectral"](radius=0.7), Draws([1], [0]), INPUTS)
    assert weights["b"].tolist() == [0.0] * 3 + [2.5] * 3 + [0.0] * 6
    for block in weights["W"].split(3, dim=1):
        assert torch.linalg.eigvals(block).abs().max().item() == pytest.approx(0.7)
    assert len({tuple(block.flatten().tolist()) for block in weights["U"].split(3, dim=1)}) == 4
