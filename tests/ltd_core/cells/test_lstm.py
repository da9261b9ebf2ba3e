"""Long short-term memory against torch.nn.LSTMCell."""

from __future__ import annotations

import pytest

from ltd_core.cells.lstm import Lstm
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import NETWORKS, SIZES, Case, States, Weights, check_against_torch, functional


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_loss_gradients_and_deltas_are_torchs(network: str, sizes: tuple[int, int]) -> None:
    case = Case({"kind": "lstm", "hidden_size": sizes[0]}, sizes[1])
    theirs = torch.nn.LSTMCell(case.spec.problem.input_size, sizes[0], dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: States) -> States:
        zero = torch.zeros_like(w["b"])
        names = {"weight_hh": w["W"].t(), "weight_ih": w["U"].t(), "bias_ih": w["b"], "bias_hh": zero}
        after: States = functional(theirs, names, x, states)
        return after

    check_against_torch(case, network, step)


def test_the_forget_gate_starts_open() -> None:
    cell = Lstm(hidden_size=3, forget_bias=2.5)
    weights = cell.draw_weights(INITIALIZATIONS["spectral"](radius=0.7), Draws.of([1], [0]), 3)
    assert weights["b"].tolist() == [0.0] * 3 + [2.5] * 3 + [0.0] * 6
    for block in weights["W"].split(3, dim=1):
        assert torch.linalg.eigvals(block).abs().max().item() == pytest.approx(0.7)
    assert len({tuple(block.flatten().tolist()) for block in weights["U"].split(3, dim=1)}) == 4
