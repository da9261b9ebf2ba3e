"""Long short-term memory against torch.nn.LSTMCell, torch.nn.LSTM, and a slow loop."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import kstest

from ltd_core.cells.lstm import Lstm
from ltd_core.errors import InvalidSpec
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import NETWORKS, SIZES, Case, States, Weights, check_against_torch, functional
from tests.ltd_core.oracle import by_engine, compare_weights, run_of
from tests.ltd_core.plain import check_against_plain, check_against_stack
from tests.ltd_core.plain_training import by_plain
from tests.ltd_core.training import small

OPTIONS = [{"peephole": True}, {"coupled": True}, {"peephole": True, "coupled": True}]


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


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_peepholes_and_coupled_gates_are_the_loops(network: str, options: dict[str, Any]) -> None:
    check_against_plain({"kind": "lstm", "hidden_size": 7} | options, 5, network)


@pytest.mark.parametrize("network", list(NETWORKS))
def test_peepholes_in_layers_with_skips_are_the_loops(network: str) -> None:
    cell = {"kind": "lstm", "hidden_size": 5, "layers": 2, "delays": [1, 3], "peephole": True}
    check_against_plain(cell, 3, network, "adding")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_whole_run_is_the_loops(options: dict[str, Any]) -> None:
    spec = run_of(cell={"kind": "lstm", "hidden_size": 6} | options, updates=15)
    compare_weights(by_engine(spec), by_plain(spec))


@pytest.mark.parametrize("network", list(NETWORKS))
def test_layers_are_torchs(network: str) -> None:
    case = Case({"kind": "lstm", "hidden_size": 6, "layers": 3}, 4, "adding")
    stack = torch.nn.LSTM(case.spec.problem.input_size, 6, num_layers=3, dtype=torch.float64)

    def names(w: Weights, end: str, layer: int) -> Weights:
        made = {"weight_hh": w[f"W{end}"].t(), "weight_ih": w[f"U{end}"].t(), "bias_ih": w[f"b{end}"]}
        made["bias_hh"] = torch.zeros_like(made["bias_ih"])
        return {f"{name}_l{layer}": value for name, value in made.items()}

    check_against_stack(case, network, stack, names)


def biases(cell: Lstm, seed: int = 1) -> dict[str, torch.Tensor]:
    weights = cell.draw_weights(INITIALIZATIONS["gaussian"](), Draws.of([seed], [0]), 3)
    return {name: value for name, value in weights.items() if name.startswith("b")}


def test_chrono_biases_keep_for_times_up_to_the_longest() -> None:
    """With a forget gate of sigmoid(ln u) = u / (1 + u), a memory halves in about u ln 2 steps."""
    found = biases(Lstm(hidden_size=600, chrono=50, layers=2))
    drawn = []
    for name in ("b", "b2"):
        let_in, forget, candidate, show = found[name].split(600)
        assert torch.equal(let_in, -forget)
        assert not candidate.any()
        assert not show.any()
        drawn.append(forget.exp().numpy())
        assert kstest(drawn[-1], "uniform", args=(1, 48)).pvalue > 1e-3
    assert not (drawn[0] == drawn[1]).any()


def test_chrono_of_coupled_gates_sets_the_forget_gate_alone() -> None:
    forget, candidate, show = biases(Lstm(hidden_size=600, chrono=3, coupled=True))["b"].split(600)
    assert kstest(forget.exp().numpy(), "uniform", args=(1, 1)).pvalue > 1e-3
    assert not candidate.any()
    assert not show.any()


@pytest.mark.parametrize("chrono", [1, 2, -3, 2.5, "long"])
def test_a_longest_time_is_three_steps_or_more(chrono: object) -> None:
    with pytest.raises(InvalidSpec, match=r"cell\.chrono"):
        small(cell={"kind": "lstm", "chrono": chrono})
