"""The plain recurrence against torch.nn.RNNCell and a closed form."""

from __future__ import annotations

import math

import pytest

from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.problems import PROBLEMS, Batch
from tests.ltd_core.cells.harness import NETWORKS, SIZES, Case, States, Weights, check_against_torch, functional
from tests.ltd_core.training import small


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(
    ("nonlinearity", "problem"), [("relu", "temporal_order"), *(("tanh", problem) for problem in PROBLEMS)]
)
def test_loss_gradients_and_deltas_are_torchs(
    network: str, nonlinearity: str, sizes: tuple[int, int], problem: str
) -> None:
    size, batch_size = sizes
    case = Case({"kind": "rnn", "hidden_size": size, "nonlinearity": nonlinearity}, batch_size, problem)
    inputs = case.spec.problem.input_size
    theirs = torch.nn.RNNCell(inputs, size, nonlinearity=nonlinearity, dtype=torch.float64)

    def step(w: Weights, x: torch.Tensor, states: States) -> States:
        zero = torch.zeros_like(w["b"])
        names = {"weight_hh": w["W"].t(), "weight_ih": w["U"].t(), "bias_ih": w["b"], "bias_hh": zero}
        return (functional(theirs, names, x, states[0]),)

    check_against_torch(case, network, step)


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_deltas_of_a_linear_network_are_powers(network: str, factor: float) -> None:
    """With W = a I and positive states, delta_t = a^(T - t) delta_T (Pascanu, Mikolov and Bengio 2013)."""
    steps = 120
    spec = small(
        problem={"kind": "adding", "length": steps},
        cell={"kind": "rnn", "hidden_size": 4, "nonlinearity": "relu"},
        batch_size=2,
    )
    rows = torch.zeros(1, Layout(spec).size)
    weights = Layout(spec).views(rows)
    weights["W"][0], weights["U"][0], weights["V"][0] = factor * torch.eye(4), 1.0, 1.0
    made = NETWORKS[network](spec, rows)
    inputs, targets = torch.full((1, steps, 2, 2), 1e-36), torch.full((1, 2, 1), -1e-3)
    made.train(rows, torch.zeros_like(rows), Batch(inputs, targets, torch.tensor([0])))
    lags = torch.arange(steps, dtype=torch.float64)
    logs = made.delta_logs[0].double()
    assert logs[0] > math.log(1e-4)
    torch.testing.assert_close(logs, logs[0] + math.log(factor) * lags, rtol=0, atol=1e-4)


def test_a_delta_after_one_that_vanished_is_seen() -> None:
    """The norm's scale adapts; what one lane left must not reach the next."""
    case = Case({"kind": "rnn", "hidden_size": 1, "nonlinearity": "relu"}, 1)
    norms = [case.train(network)[3] for network in NETWORKS]
    assert (norms[0] == 0).any()
    torch.testing.assert_close(norms[0], norms[1], rtol=1e-12, atol=0, equal_nan=True)
