"""Closed forms of how a gradient travels: skip and removed connections, leaky units, gates, clocks; in float64."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest

from ltd_core.engine.layout import Layout
from ltd_core.engine.tensor_network import run
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import NETWORKS
from tests.ltd_core.training import small

STEPS = 40

everywhere = pytest.mark.parametrize("network", list(NETWORKS))


def deltas(network: str, cell: dict[str, Any], inputs: float = 0.0, **weights: Any) -> np.ndarray[Any, Any]:
    """Return the norms of delta by lag, over that of the last, of one unit or several with the given weights."""
    problem = {"kind": "adding", "length": STEPS}
    spec = small(cell={"kind": "rnn", "hidden_size": 1} | cell, problem=problem, batch_size=1, dtype="float64")
    layout = Layout(spec)
    rows = layout.initial(spec).unsqueeze(0)
    views = layout.views(rows)
    for name, view in views.items():
        if name in weights:
            view.copy_(torch.as_tensor(weights[name], dtype=torch.float64).expand(view.shape[1:]))
        elif name not in spec.cell.step.constants:
            view.fill_(1.0 if name == "V" else 0.0)
    data = torch.full((1, STEPS, 1, 2), inputs, dtype=torch.float64)
    made = NETWORKS[network](spec, rows)
    made.train(rows, torch.zeros_like(rows), Batch(data, torch.ones(1, 1, 1).double(), torch.tensor([0])))
    norms: np.ndarray[Any, Any] = made.delta_logs[0].exp().numpy()
    return norms / norms[0]


def through(lag: int, d: int, a: float, b: float) -> float:
    """Return d h_T / d h_{T-lag} for h_t = a h_{t-1} + b h_{t-d}: the sum over paths with k skips."""
    return sum(comb(lag - d * k + k, k) * a ** (lag - d * k) * b**k for k in range(lag // d + 1))


@everywhere
@pytest.mark.parametrize(("a", "b", "d"), [(0.7, 0.2, 3), (0.9, 0.3, 5), (0.5, 0.5, 2), (0.8, 0.1, 17)])
def test_skip_connections_sum_over_paths(network: str, a: float, b: float, d: int) -> None:
    found = deltas(network, {"nonlinearity": "identity", "delays": [1, d]}, W=[[a], [b]])
    np.testing.assert_allclose(found, [through(lag, d, a, b) for lag in range(STEPS)], rtol=1e-12)


@everywhere
def test_skips_do_not_cure_explosion(network: str) -> None:
    """For a, b > 0 it explodes exactly when a + b > 1."""
    growing = deltas(network, {"nonlinearity": "identity", "delays": [1, 4]}, W=[[0.7], [0.35]])
    falling = deltas(network, {"nonlinearity": "identity", "delays": [1, 4]}, W=[[0.7], [0.25]])
    assert growing[-1] > growing[-10] > growing[-20]
    assert falling[-1] < falling[-10] < falling[-20]


@everywhere
@pytest.mark.parametrize("d", [2, 3, 7])
def test_removed_connections_force_the_coarse_scale(network: str, d: int) -> None:
    """With delay d alone, b^(lag / d) where d divides the lag, else 0: the slope of log |delta| follows 1 / d."""
    b = 0.8
    found = deltas(network, {"nonlinearity": "identity", "delays": [d]}, W=[[b]])
    lags = np.arange(STEPS)
    np.testing.assert_allclose(found, np.where(lags % d == 0, b ** (lags / d), 0.0), rtol=1e-12)
    seen = lags[lags % d == 0]
    slope = np.polyfit(seen, np.log(found[seen]), 1)[0]
    np.testing.assert_allclose(slope, np.log(b) / d, rtol=1e-9)


@everywhere
def test_decay_with_a_skip_follows_one_over_d(network: str) -> None:
    """A matrix of spectral radius b in the skip, little in delay 1: the slope per step is about ln(b) / d."""
    slopes = []
    for d in (2, 4, 8):
        found = deltas(network, {"nonlinearity": "identity", "delays": [1, d]}, W=[[0.05], [0.9]])
        seen = np.arange(0, STEPS, d)
        slopes.append(np.polyfit(seen, np.log(found[seen]), 1)[0] * d)
    np.testing.assert_allclose(slopes, np.log(0.9), atol=0.08)


@everywhere
@pytest.mark.parametrize("alpha", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["constant", "learned"])
def test_a_leaky_unit_keeps_alpha_to_the_lag(network: str, kind: str, alpha: float) -> None:
    """The slope of log |delta| is ln alpha."""
    logit = {"alpha_logit": float(np.log(alpha / (1 - alpha)))} if kind == "learned" else {}
    found = deltas(network, {"time_scale": {"kind": kind, "alpha": alpha}}, **logit)
    np.testing.assert_allclose(found, alpha ** np.arange(STEPS), rtol=1e-10)


@everywhere
def test_a_leaky_jacobian_is_alpha_and_the_rest(network: str) -> None:
    """alpha I + (1 - alpha) D W, with D constant at a fixed point: h = tanh(w h + u) leaks to where it stays."""
    alpha, w = 0.6, 0.5
    found = deltas(network, {"time_scale": {"kind": "constant", "alpha": alpha}}, W=[[w]])
    np.testing.assert_allclose(found, (alpha + (1 - alpha) * w) ** np.arange(STEPS), rtol=1e-12)  # h = 0: D = 1


@everywhere
@pytest.mark.parametrize("period", [2, 5])
def test_a_frozen_clock_passes_the_gradient_as_it_is(network: str, period: int) -> None:
    w = 0.5
    found = deltas(network, {"state_periods": [period]}, W=[[w]])
    active = [t % period == 0 for t in range(STEPS)]  # step t makes h_{t+1} of h_t
    expected = [w ** sum(active[STEPS - lag : STEPS]) for lag in range(STEPS)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_direct_path_of_an_lstm_is_the_product_of_its_forget_gates() -> None:
    """With W = 0 the memory is the only way back: d c_T / d c_0 = prod f."""
    spec = small(cell={"kind": "lstm", "hidden_size": 3}, problem={"kind": "adding", "length": STEPS}, dtype="float64")
    layout = Layout(spec)
    views = layout.views(layout.initial(spec).unsqueeze(0))
    views["W"].zero_()
    batch = spec.problem.draw(Draws.of([1], [1]), 1, torch.float64)
    (layer,) = run(spec, views, batch)
    product = torch.eye(3, dtype=torch.float64)
    for jacobian in layer.jacobians(0)[:, 0, 3:, 3:]:  # of the memory
        product = jacobian @ product
    forget = torch.sigmoid(batch.inputs[0, :, 0] @ views["U"][0, :, 3:6] + views["b"][0, 3:6])
    torch.testing.assert_close(product, torch.diag(forget.prod(0)), rtol=1e-12, atol=0)


@everywhere
def test_gates_that_stay_open_keep_the_gradient(network: str) -> None:
    """A GRU with W = 0 keeps z of its state at each step, an LSTM f of its memory's slope."""
    z = 0.97
    bias = [0.0, 0.0, float(np.log(z / (1 - z))), 0.0]
    found = deltas(network, {"kind": "gru"}, b=bias)
    np.testing.assert_allclose(found, z ** np.arange(STEPS), rtol=1e-10)
