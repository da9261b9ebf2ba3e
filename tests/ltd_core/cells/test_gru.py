"""The gated recurrent unit against torch.nn.GRUCell, torch.nn.GRU and a slow loop."""

from __future__ import annotations

import pytest
from scipy.stats import kstest

from ltd_core.cells.gru import Gru
from ltd_core.errors import InvalidSpec
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import NETWORKS, SIZES, Case, States, Weights, check_against_torch, functional
from tests.ltd_core.oracle import by_engine, compare_weights, run_of
from tests.ltd_core.plain import check_against_plain, check_against_stack
from tests.ltd_core.plain_training import by_plain
from tests.ltd_core.training import small


def torchs(w: Weights, end: str, size: int) -> Weights:
    """Torch's gates are r, z, n; ours that see h are n, r, z, those that see x are r, z, n."""
    n, r, z = w[f"W{end}"].split(size, dim=1)
    bias_n, bias_r, bias_z, bias_x = w[f"b{end}"].split(size)
    return {
        "weight_hh": torch.cat([r, z, n], 1).t(),
        "weight_ih": w[f"U{end}"].t(),
        "bias_hh": torch.cat([torch.zeros_like(bias_r), torch.zeros_like(bias_z), bias_n]),
        "bias_ih": torch.cat([bias_r, bias_z, bias_x]),
    }


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_loss_gradients_and_deltas_are_torchs(network: str, sizes: tuple[int, int]) -> None:
    size, batch_size = sizes
    case = Case({"kind": "gru", "hidden_size": size}, batch_size)
    theirs = torch.nn.GRUCell(case.spec.problem.input_size, size, dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: States) -> States:
        return (functional(theirs, torchs(w, "", size), x, states[0]),)

    check_against_torch(case, network, step)


@pytest.mark.parametrize("network", list(NETWORKS))
def test_layers_are_torchs(network: str) -> None:
    case = Case({"kind": "gru", "hidden_size": 6, "layers": 3}, 4, "adding")
    stack = torch.nn.GRU(case.spec.problem.input_size, 6, num_layers=3, dtype=torch.float64)

    def names(w: Weights, end: str, layer: int) -> Weights:
        return {f"{name}_l{layer}": value for name, value in torchs(w, end, 6).items()}

    check_against_stack(case, network, stack, names)


@pytest.mark.parametrize("network", list(NETWORKS))
def test_layers_with_skips_are_the_loops(network: str) -> None:
    check_against_plain({"kind": "gru", "hidden_size": 5, "layers": 2, "delays": [1, 3]}, 3, network, "adding")


def test_a_whole_run_is_the_loops() -> None:
    spec = run_of(cell={"kind": "gru", "hidden_size": 6, "chrono": 12}, updates=15)
    compare_weights(by_engine(spec), by_plain(spec))


def test_chrono_biases_keep_the_state_for_times_up_to_the_longest() -> None:
    weights = Gru(hidden_size=600, chrono=50, layers=2).draw_weights(
        INITIALIZATIONS["gaussian"](), Draws.of([1], [0]), 3
    )
    drawn = []
    for name in ("b", "b2"):
        candidate, reset, keep, entering = weights[name].split(600)
        assert not torch.cat([candidate, reset, entering]).any()
        drawn.append(keep.exp().numpy())
        assert kstest(drawn[-1], "uniform", args=(1, 48)).pvalue > 1e-3
    assert not (drawn[0] == drawn[1]).any()


@pytest.mark.parametrize("chrono", [1, 2, -3, 2.5, "long"])
def test_a_longest_time_is_three_steps_or_more(chrono: object) -> None:
    with pytest.raises(InvalidSpec, match=r"cell\.chrono"):
        small(cell={"kind": "gru", "chrono": chrono})
