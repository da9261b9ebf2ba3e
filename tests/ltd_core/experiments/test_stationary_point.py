"""Stationary points against closed forms, enumeration and quadrature; the chains against them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec


def point(**settings: Any) -> Any:
    return parse_spec({"experiment": "stationary_point"} | settings)


def exact(spec: Any) -> np.ndarray:
    outcomes = spec.outcomes()
    return np.array([spec.stationary(outcomes, threshold) for threshold in spec.thresholds])


def test_one_far_center_in_five_in_closed_form() -> None:
    """Centers 0, 0, 0, 0, 10: at x below v, 0.8 x = 0.2 v, so x* = v / 4 until nothing is clipped at the minimum, 2."""
    spec = point(thresholds=[0.25, 1.0, 4.0, 8.0, 16.0])
    np.testing.assert_allclose(exact(spec), [[x, x] for x in (0.0625, 0.25, 1.0, 2.0, 2.0)], atol=1e-6)
    assert spec.minimum == 2.0


def test_two_points_as_in_the_literature() -> None:
    """Two equal parabolas: by symmetry the middle; with v below half their distance every point between is at rest."""
    spec = point(centers=[-3.0, 3.0], thresholds=[1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(exact(spec), [[-2.0, 2.0], [-1.0, 1.0], [0.0, 0.0], [0.0, 0.0]], atol=1e-6)


def test_three_points_with_their_chances() -> None:
    """-1 with 2/3, 2 with 1/3 (mean 0): at v = 1 rest is where 2/3 clip(x + 1) = 1/3 clip(2 - x), x = -1/2."""
    spec = point(centers=[-1.0, 2.0], shares=[2.0, 1.0], thresholds=[1.0, 10.0])
    np.testing.assert_allclose(exact(spec), [[-0.5, -0.5], [0.0, 0.0]], atol=1e-6)
    assert spec.minimum == pytest.approx(0.0, abs=1e-15)
    three = point(centers=[-2.0, 0.0, 7.0], shares=[0.5, 0.3, 0.2], thresholds=[0.5])
    # between -1.5 and -0.5 the others are clipped: 0.5 (x + 2 at most 0.5) ... 0.5 * 0.5 = 0.5 * 0.5 at any x there
    low, high = exact(three)[0]
    assert (low, high) == pytest.approx((-1.5, -0.5), abs=1e-6)


def test_minibatches_are_all_enumerated() -> None:
    settings = {"centers": [0.0, 1.0, 6.0], "curvatures": [1.0, 3.0, 0.5], "shares": [0.5, 0.2, 0.3]}
    spec = point(**settings, batch_size=3, thresholds=[0.7])
    outcomes = spec.outcomes()
    assert outcomes.chances.sum() == pytest.approx(1.0, abs=1e-12)
    assert len(outcomes.chances) == 10
    for x in (-1.0, 0.3, 2.0):
        slow = 0.0
        for drawn in itertools.product(range(3), repeat=3):
            gradient = np.mean([settings["curvatures"][i] * (x - settings["centers"][i]) for i in drawn])
            slow += math.prod(settings["shares"][i] for i in drawn) * float(np.clip(gradient, -0.7, 0.7))
        assert spec.mean_clipped(outcomes, x, 0.7) == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("threshold", [0.1, 1.0, 5.0])
def test_noise_is_integrated_in_closed_form(threshold: float) -> None:
    spec = point(centers=[0.0, 4.0], noise=1.3, batch_size=2, thresholds=[threshold])
    outcomes, z = spec.outcomes(), np.linspace(-12, 12, 400_001)
    weight = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    for x in (-2.0, 0.5, 3.0):
        gradients = outcomes.slopes * x - outcomes.pulls
        slow = sum(
            p * (np.clip(g + 1.3 / math.sqrt(2) * z, -threshold, threshold) * weight).sum()
            for g, p in zip(gradients, outcomes.chances, strict=True)
        )
        assert spec.mean_clipped(outcomes, x, threshold) == pytest.approx(slow, abs=1e-8)


@pytest.mark.parametrize("settings", [{}, {"noise": 1.0, "batch_size": 4}, {"shares": [1, 2, 3, 4, 1], "noise": 0.5}])
def test_chains_come_to_rest_there(settings: dict[str, Any]) -> None:
    spec = point(**settings, lr=0.005, updates=8000)
    found = {name: values.numpy() for name, values in spec.compute().traces.items()}
    assert (found["stationary_low"] <= found["stationary_high"] + 1e-12).all()
    away = np.abs(found["simulated_mean"] - (found["stationary_low"] + found["stationary_high"]) / 2)
    drift = 5 * spec.lr  # the noise's skew moves the mean of the chains by an amount in proportion to lr
    assert (away <= 4 * found["simulated_error"] + drift).all()
    assert (np.abs(found["stationary_bias"][:3]) > 4 * found["simulated_error"][:3]).all()


@pytest.mark.parametrize("threshold", [1.0, 2.0])
def test_chains_rest_off_it_by_what_the_error_says_that_it_leaves_out(threshold: float) -> None:
    """By lr, lr / 2 and lr / 4 on the same draws: the bias halves, and what it becomes is the first-order term."""
    settings = {"centers": [0.0, 3.0], "shares": [3.0, 1.0], "noise": 0.5, "thresholds": [threshold]}
    settings |= {"updates": 1000, "chains": 4000}
    spec, rates = point(**settings), (0.4, 0.2, 0.1)
    found = [point(**settings, lr=lr).compute().traces for lr in rates]
    means = [float(traces["simulated_mean"][0]) for traces in found]
    outcomes, rest, h = spec.outcomes(), float(exact(spec)[0, 0]), 1e-3
    below, at, above = (spec.mean_clipped(outcomes, rest + away, threshold) for away in (-h, 0.0, h))
    slope, curvature = (above - below) / (2 * h), (above - 2 * at + below) / h**2
    z = np.linspace(-12, 12, 20_001)
    weight = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    noisy = np.clip((outcomes.slopes * rest - outcomes.pulls)[:, None] + 0.5 * z, -threshold, threshold)
    first_order = -curvature * float(outcomes.chances @ (noisy**2 @ weight)) / (4 * slope**2)
    halves = [2 * (first - second) / lr for first, second, lr in zip(means, means[1:], rates, strict=False)]
    extrapolated = 2 * halves[1] - halves[0]
    assert abs(extrapolated / first_order - 1) < 0.25
    assert abs(means[0] - rest) > 4 * float(found[0]["simulated_error"][0])
    assert "-lr m'' E[clip(g)^2] / (4 m'^2)" in spec.known_traces()["simulated_error"].description


def test_larger_batches_rest_nearer_to_the_minimum() -> None:
    skewed = {"centers": [0.0, 10.0], "shares": [4.0, 1.0], "thresholds": [1.0], "updates": 200, "chains": 2}
    biases = [
        abs(float(point(**skewed, batch_size=size).compute().traces["stationary_bias"][0])) for size in (1, 4, 16, 64)
    ]
    assert biases[0] > biases[1] > biases[2] > biases[3]


def test_what_has_no_meaning_is_refused() -> None:
    for settings, field in (
        ({"curvatures": [1.0]}, "curvatures"),
        ({"shares": [1.0, 2.0]}, "shares"),
        ({"centers": list(range(30)), "batch_size": 64}, "batch_size"),
        ({"updates": 100_000, "chains": 10_000}, "updates"),
    ):
        with pytest.raises(InvalidSpec, match=field):
            point(**settings)
