"""science.md, identities 3 and 4: products of independent weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.experiments.recurrence import draws_of
from ltd_core.lazy import torch
from ltd_core.spec import parse_spec


def computed(**settings: Any) -> dict[str, np.ndarray[Any, Any]]:
    spec: Any = parse_spec({"experiment": "weight_product"} | settings)
    return {name: values.numpy() for name, values in spec.compute().traces.items()}


@pytest.mark.parametrize("variance", [0.5, 1.0, 1.3])
def test_signs_have_exactly_the_variance_to_the_depth(variance: float) -> None:
    """With w = +-sqrt(v) every product has the square v^n: the sample variance is exact."""
    traces = computed(distribution="sign", variance=variance, depth=30, samples=200)
    depths = np.arange(1, 31)
    np.testing.assert_allclose(traces["size_variance"], variance**depths, rtol=1e-10)
    np.testing.assert_allclose(traces["log_size_mean"], depths * np.log(variance) / 2, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(traces["log_size_deviation"], 0.0, atol=1e-10)


@pytest.mark.parametrize("variance", [1.0, 2.0, 3.5621])
def test_gaussian_products_drift_by_the_mean_logarithm(variance: float) -> None:
    """E ln|w| = (ln v - 1.2704) / 2, Var ln|w| = pi^2 / 8: at v = 1 the typical product vanishes as e^-0.635n."""
    depth, samples = 40, 20_000
    traces = computed(variance=variance, depth=depth, samples=samples)
    error = np.sqrt(depth * np.pi**2 / 8 / samples)
    expected = depth * (np.log(variance) - 1.2703628) / 2
    assert abs(traces["log_size_mean"][-1] - expected) < 4 * error
    np.testing.assert_allclose(traces["log_size_deviation"][-1], np.sqrt(depth * np.pi**2 / 8), rtol=0.03)


def test_the_variance_chosen_for_depth_keeps_the_typical_size() -> None:
    for settings in (
        {},
        {"width": 30},
        {"width": 30, "nonlinearity": "relu"},
        {"width": 60, "nonlinearity": "tanh"},
    ):
        kept = computed(choose="depth", depth=40, samples=300, **settings)["log_size_mean"][-1]
        lost = computed(choose="variance", depth=40, samples=300, **settings)["log_size_mean"][-1]
        assert abs(kept) < 4.0, settings
        assert abs(kept) < abs(lost) or abs(lost) < 1.0, settings


@pytest.mark.parametrize("width", [1, 2, 3, 16])
def test_the_variance_chosen_for_a_linear_net_has_no_drift_at_any_width(width: int) -> None:
    """ln|h| is a sum over layers of half the logarithm of chi-squared numbers, of variance psi'(N / 2) / 4 each."""
    depth, samples = 1000, 200
    trigamma = float(torch.special.polygamma(1, torch.tensor(width / 2, dtype=torch.float64)))
    last = computed(choose="depth", width=width, depth=depth, samples=samples)["log_size_mean"][-1]
    assert abs(last) < 4 * np.sqrt(depth * trigamma / 4 / samples)


def test_the_drift_of_a_linear_net_is_half_the_logarithm_of_its_gain() -> None:
    """d E ln|h| = ln g - 1 / (2 N) about, so it is zero at g = exp(1 / (2 N)), which is v = exp(1 / N)."""
    width, depth, samples = 20, 40, 1500
    traces = computed(width=width, depth=depth, samples=samples, variance=1.0)
    error = traces["log_size_deviation"][-1] / np.sqrt(samples)
    assert abs(traces["log_size_mean"][-1] + depth / (2 * width)) < 5 * error + 0.02


def test_a_deep_product_neither_over_nor_underflows() -> None:
    traces = computed(depth=2000, samples=50)
    assert traces["log_size_mean"][-1] < -1000.0
    assert np.isfinite(traces["log_size_mean"]).all()


@pytest.mark.parametrize(
    ("width", "nonlinearity"), [(1, "identity"), (5, "identity"), (2, "relu"), (4, "relu"), (5, "tanh")]
)
def test_statistics_are_those_of_a_loop_over_nets(width: int, nonlinearity: str) -> None:
    depth, samples, variance = 6, 9, 1.7
    traces = computed(width=width, nonlinearity=nonlinearity, depth=depth, samples=samples, variance=variance)
    function = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0.0), "identity": lambda x: x}[nonlinearity]
    states = [np.full(width, width**-0.5) for _ in range(samples)]
    for layer in range(depth):
        weights = draws_of(0, "weights/0").normal(layer, samples, width, width)[0].numpy() * np.sqrt(variance / width)
        states = [function(h @ w) for h, w in zip(states, weights, strict=True)]
        norms = np.array([np.linalg.norm(h) for h in states])
        logs = np.log(norms[norms > 0])
        np.testing.assert_allclose(traces["alive_share"][layer], np.mean(norms > 0))
        np.testing.assert_allclose(traces["log_size_mean"][layer], logs.mean(), rtol=1e-9)
        np.testing.assert_allclose(traces["log_size_deviation"][layer], logs.std(), rtol=1e-9)
        np.testing.assert_allclose(traces["size_variance"][layer], np.mean(norms**2), rtol=1e-9)
        quantiles = np.quantile(norms, [0.05, 0.25, 0.5, 0.75, 0.95], method="lower")
        if len(logs) == samples:
            quantiles = np.exp(np.quantile(logs, [0.05, 0.25, 0.5, 0.75, 0.95]))
            np.testing.assert_allclose(np.exp(traces["log_size_quantile"][layer]), quantiles, rtol=1e-9)
        else:
            np.testing.assert_array_equal(np.isneginf(traces["log_size_quantile"][layer]), quantiles == 0)


def test_a_signal_that_relu_ends_is_counted_and_not_averaged() -> None:
    traces = computed(width=1, nonlinearity="relu", depth=40, samples=50)
    assert traces["alive_share"][-1] == 0.0
    assert np.isnan(traces["log_size_mean"][-1])
    assert np.isneginf(traces["log_size_quantile"][-1]).all()


def test_tanh_is_linear_once_the_signal_is_small() -> None:
    """Far below the smallest number of float64 the logarithm goes on falling, as that of the linear net."""
    settings = {"width": 10, "variance": 0.1, "depth": 1500, "samples": 20}
    tanh, linear = (computed(nonlinearity=f, **settings)["log_size_mean"] for f in ("tanh", "identity"))
    assert linear[-1] < -1500.0
    np.testing.assert_allclose(np.diff(tanh[700:]), np.diff(linear[700:]), atol=1e-6)


def test_what_takes_too_long_is_refused() -> None:
    with pytest.raises(InvalidSpec) as refused:
        computed(samples=100_000, depth=2000)
    assert [problem.field for problem in refused.value.problems] == ["samples"]


@pytest.mark.parametrize(("variance", "last"), [(100.0, np.nan), (0.01, np.nan), (1.0, 1.0)])
def test_a_variance_that_no_float_holds_is_none(variance: float, last: float) -> None:
    """Signs: every net's squared norm is v^n."""
    settings = {"variance": variance, "distribution": "sign", "depth": 400, "samples": 3}
    values = computed(**settings)["size_variance"]
    np.testing.assert_allclose(values[:100], variance ** np.arange(1.0, 101.0), rtol=1e-10)
    np.testing.assert_allclose(values[-1], last, rtol=1e-10)
