"""science.md, identity 2: tanh bounds the way forward and not the way back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.experiments.recurrence import draws_of, unit_vector
from ltd_core.lazy import torch
from ltd_core.spec import parse_spec


def computed(**settings: Any) -> tuple[Any, dict[str, np.ndarray[Any, Any]]]:
    spec: Any = parse_spec({"experiment": "nonlinear_recurrence", "hidden_size": 8, "length": 30} | settings)
    return spec, {name: values.numpy() for name, values in spec.compute().traces.items()}


@pytest.mark.parametrize("start_scale", [1.0, 1e-9, 1e-100])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "identity"])
def test_both_ways_are_those_of_autograd(nonlinearity: str, start_scale: float) -> None:
    spec, traces = computed(nonlinearity=nonlinearity, bias=0.1, start_scale=start_scale)
    function = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda x: x}[nonlinearity]
    w = spec.initialization.recurrent(draws_of(0, "initialization"), 0, 8)
    states = [(start_scale * unit_vector(0, "start", 8)).requires_grad_()]
    for _ in range(30):
        states.append(function(states[-1] @ w + 0.1))
    delta = unit_vector(0, "gradient", 8)
    for t in range(1, 31):
        np.testing.assert_allclose(traces["state_norm"][t - 1], float(states[t].detach().norm()), rtol=1e-10)
        (pulled,) = torch.autograd.grad(states[-1], states[-1 - t], delta, retain_graph=True)
        np.testing.assert_allclose(traces["gradient_norm_back"][t - 1], float(pulled.norm()), rtol=1e-9)
        rows = [torch.autograd.grad(states[-1][i], states[-1 - t], retain_graph=True)[0] for i in range(8)]
        expected = float(torch.stack(rows).norm()) / 8**0.5
        np.testing.assert_allclose(traces["jacobian_norm_back"][t - 1], expected, rtol=1e-9)


def test_tanh_stays_below_one_while_its_gradient_explodes() -> None:
    """At h = 0 and b = 0 the backward map is exactly W^t: with a small start it grows as the spectral radius."""
    _, traces = computed(start_scale=1e-12, initialization={"kind": "spectral", "radius": 1.3}, length=60)
    assert traces["state_largest"].max() < 1.0
    growth = traces["jacobian_norm_back"][40] / traces["jacobian_norm_back"][20]
    np.testing.assert_allclose(np.log(growth) / 20, np.log(1.3), atol=0.08)


def test_relu_on_a_positive_path_is_a_geometric_series() -> None:
    """h_t = a^t h_0 + b (a^t - 1) / (a - 1), for every unit, with W = a I."""
    a, b = 1.1, 0.3
    spec, traces = computed(
        nonlinearity="relu", bias=b, initialization={"kind": "identity", "scale": a}, hidden_size=1, length=20
    )
    first = float(unit_vector(spec.seed, "start", 1))
    if first < 0:
        first = max(0.0, a * first + b)
        times = np.arange(20)
    else:
        times = np.arange(1, 21)
    expected = a**times * first + b * (a**times - 1) / (a - 1)
    np.testing.assert_allclose(traces["state_norm"], expected, rtol=1e-12)


def test_tanh_is_bounded_where_relu_and_identity_grow() -> None:
    grown = {n: computed(nonlinearity=n, length=80)[1]["state_largest"][-1] for n in ("tanh", "relu", "identity")}
    assert grown["tanh"] < 1.0 < grown["identity"]


@pytest.mark.parametrize(
    ("nonlinearity", "radius"), [("relu", 4.0), ("identity", 3.0), ("identity", 0.3), ("tanh", 0.3), ("relu", 0.3)]
)
def test_rates_outlast_the_range_of_numbers(nonlinearity: str, radius: float) -> None:
    """What grows past 1e308 or falls below 1e-324 is NaN as declared, neither inf nor 0, and its rate goes on."""
    spec, traces = computed(
        nonlinearity=nonlinearity, length=2000, initialization={"kind": "spectral", "radius": radius}, hidden_size=20
    )
    for name in ("state_norm", "gradient_norm_back", "jacobian_norm_back"):
        assert nonlinearity == "relu" or (traces[name] != 0).all(), name
        assert not np.isinf(traces[name]).any(), name
    summary = spec.compute().summary
    if nonlinearity == "relu":
        assert summary["growth_rate"] * np.log(radius) > 0
        return
    assert np.isnan(traces["gradient_norm_back"][-1])
    assert np.isfinite(traces["gradient_norm_back"][:100]).all()
    found = [summary["growth_rate"], summary["gradient_growth_rate"]]
    np.testing.assert_allclose(found, np.log(radius), atol=0.005)


def test_a_relu_that_dies_has_no_rate_and_a_bias_wakes_it() -> None:
    """With W = I / 2, b = -1 ends every unit, and b = 1 leads every unit to 2."""
    minus = {"kind": "identity", "scale": 0.5}
    spec, traces = computed(nonlinearity="relu", bias=-1.0, hidden_size=3, initialization=minus)
    assert traces["state_norm"][-1] == traces["slope_mean"][-1] == traces["gradient_norm_back"][-1] == 0.0
    assert spec.compute().summary["growth_rate"] == -math.inf
    _, traces = computed(nonlinearity="relu", bias=1.0, hidden_size=3, initialization=minus, length=80)
    np.testing.assert_allclose(traces["state_norm"][-1], 2.0 * 3**0.5, rtol=1e-12)


@pytest.mark.parametrize("bias", [2.0, 30.0, 400.0])
def test_a_saturated_tanh_shrinks_the_gradient_and_does_not_cut_it(bias: float) -> None:
    """With W = I / 2 each unit's h is 1 about, and a step back is tanh'(h / 2 + b) / 2."""
    spec, traces = computed(bias=bias, hidden_size=3, initialization={"kind": "identity", "scale": 0.5})
    h, logs = unit_vector(0, "start", 3).numpy(), []
    for _ in range(30):
        x = h / 2 + bias
        logs.append(math.log(4) - 2 * x - 2 * np.log1p(np.exp(-2 * x)) - math.log(2))
        h = np.tanh(x)
    back = np.cumsum(logs[::-1], axis=0)  # of each unit
    known = np.logaddexp.reduce(2 * back, axis=1) / 2 - math.log(3) / 2 > -700
    expected = np.exp(np.logaddexp.reduce(2 * back, axis=1) / 2 - math.log(3) / 2)
    np.testing.assert_allclose(traces["jacobian_norm_back"][known], expected[known], rtol=1e-9)
    assert (traces["jacobian_norm_back"] != 0).all(), "NaN where no float holds it"
    start = np.log(np.abs(unit_vector(0, "gradient", 3).numpy()))
    rate = np.logaddexp.reduce(2 * (back[-1] + start)) / 2 / 30
    assert spec.compute().summary["gradient_growth_rate"] == pytest.approx(rate, rel=1e-12)


def test_what_takes_too_long_is_refused() -> None:
    with pytest.raises(InvalidSpec) as refused:
        computed(hidden_size=256, length=10_000)
    assert [problem.field for problem in refused.value.problems] == ["length"]
