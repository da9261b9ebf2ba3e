"""Shares of vanishing and exploding gradients, against autograd and what is known of linear nets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.experiments.recurrence import draws_of
from ltd_core.lazy import torch
from ltd_core.spec import parse_spec


def computed(**settings: Any) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    spec: Any = parse_spec({"experiment": "gradient_census", "samples": 40, "hidden_size": 12, "length": 30} | settings)
    found = spec.compute()
    return {name: values.numpy() for name, values in found.traces.items()}, found.summary


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "identity"])
def test_rates_are_those_of_autograd(nonlinearity: str) -> None:
    samples, size, length = 3, 5, 12
    traces, _ = computed(samples=samples, hidden_size=size, length=length, nonlinearity=nonlinearity, radius=1.1)
    function = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda x: x}[nonlinearity]
    for n in range(samples):
        draws = draws_of(0, f"census/{n}")
        raw = draws.normal(0, size, size)[0]
        w = raw * (1.1 / np.abs(np.linalg.eigvals(raw.numpy())).max())
        first = torch.zeros(size, dtype=torch.float64, requires_grad=True)
        h = first
        for t in range(length):
            h = function(h @ w + draws.normal(1 + t, 1, size)[0, 0] * 0.1)
        delta = draws.normal(1 + length, 1, size)[0, 0]
        (pulled,) = torch.autograd.grad(h, first, delta / delta.norm())
        np.testing.assert_allclose(traces["state_norm_last"][n], float(h.detach().norm()), rtol=1e-10)
        expected = np.log(float(pulled.norm())) / length if float(pulled.norm()) else -np.inf
        np.testing.assert_allclose(traces["gradient_rate"][n], expected, rtol=1e-8)


def test_linear_nets_follow_their_spectral_radius() -> None:
    for radius, vanishing in ((0.8, 1.0), (1.25, 0.0)):
        traces, summary = computed(nonlinearity="identity", radius=radius, length=400)
        np.testing.assert_allclose(traces["gradient_rate"], np.log(radius), atol=0.05)
        assert summary["vanishing_share"] == vanishing
        assert summary["exploding_share"] == 1.0 - vanishing


def test_shares_count_the_rates() -> None:
    traces, summary = computed(radius=1.2, tolerance=0.02)
    assert summary["vanishing_share"] == np.mean(traces["gradient_rate"] < -0.02)
    assert summary["exploding_share"] == np.mean(traces["gradient_rate"] > 0.02)


def test_a_gradient_of_relu_may_die_out() -> None:
    traces, summary = computed(nonlinearity="relu", radius=0.3, input_scale=0.0)
    assert np.isneginf(traces["gradient_rate"]).all()
    assert summary["gradient_growth_rate"] == -math.inf


def test_a_larger_census_begins_with_the_smaller_one() -> None:
    """Each net has its own draws, whatever goes through time beside it."""
    few, many = (computed(samples=n, hidden_size=60, length=20)[0]["gradient_rate"] for n in (3, 150))
    np.testing.assert_allclose(many[:3], few, rtol=1e-9)


@pytest.mark.parametrize("nonlinearity", ["relu", "identity"])
def test_an_explosion_out_of_range_is_still_one(nonlinearity: str) -> None:
    traces, summary = computed(nonlinearity=nonlinearity, radius=1e6, length=200)
    assert summary["exploding_share"] == 1.0
    assert np.isnan(traces["state_norm_last"]).all(), "no float holds it"
    assert (traces["gradient_class"] == 1.0).all()


def test_classes_are_those_of_the_rates() -> None:
    traces, _ = computed(radius=1.3, tolerance=0.02)
    rates = traces["gradient_rate"]
    np.testing.assert_array_equal(traces["gradient_class"], np.where(np.abs(rates) > 0.02, np.sign(rates), 0.0))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"samples": 10_000, "hidden_size": 256}, "samples"),
        ({"samples": 10_000, "hidden_size": 256, "length": 1}, "samples"),
        ({"input_scale": 1e-300}, "input_scale"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        computed(**settings)
    assert [problem.field for problem in refused.value.problems] == [field]
