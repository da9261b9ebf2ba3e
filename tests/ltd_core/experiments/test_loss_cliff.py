"""science.md, identity 12: the figures of the published cliff, and one step over it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.lazy import torch
from ltd_core.spec import parse_spec


def cliff(**settings: Any) -> Any:
    return parse_spec({"experiment": "loss_cliff"} | settings)


def test_the_printed_figures() -> None:
    loss, slope = cliff().loss(torch.tensor(5.0).double(), torch.tensor(-2.5).double())
    np.testing.assert_allclose(float(loss), 0.0240889, atol=5e-8)
    np.testing.assert_allclose(slope.numpy(), [0.0863117, 0.100925], atol=5e-7)


def test_slopes_are_finite_differences_on_the_surface() -> None:
    spec, step = cliff(), 1e-7
    generator = torch.Generator().manual_seed(2)
    w, b = 4.0 + torch.rand(20, generator=generator).double(), -2.9 + torch.rand(20, generator=generator).double() * 0.2
    _, slopes = spec.loss(w, b)
    by_w = (spec.loss(w + step, b)[0] - spec.loss(w - step, b)[0]) / (2 * step)
    by_b = (spec.loss(w, b + step)[0] - spec.loss(w, b - step)[0]) / (2 * step)
    torch.testing.assert_close(slopes, torch.stack((by_w, by_b)), rtol=1e-5, atol=1e-7)


def test_the_wall_stands_where_it_should() -> None:
    """At w = 5 it runs through b between -2.66 and -2.34: outside, the slope is small."""
    b = torch.linspace(-3.0, -2.0, 2001, dtype=torch.float64)
    _, slopes = cliff().loss(torch.full_like(b, 5.0), b)
    steepest = float(b[slopes.norm(dim=0).argmax()])
    assert -2.66 < steepest < -2.34


def test_one_step_over_the_cliff_is_thrown_far_and_clipping_is_not() -> None:
    spec = cliff()
    found = spec.compute()
    plain, clipped = found.traces["path_plain"][0], found.traces["path_clipped"][0]
    assert found.summary["largest_step"] > 10.0
    steps = (clipped[1:, :2] - clipped[:-1, :2]).norm(dim=1)
    assert float(steps.max()) <= spec.lr * spec.threshold * (1 + 1e-12)
    assert float(clipped[-1, 2]) < 0.01 < float(plain[-1, 2])
    assert found.summary["loss_after_clipping"] == float(clipped[-1, 2])


def test_a_range_must_ascend() -> None:
    with pytest.raises(InvalidSpec, match="lowest below highest"):
        cliff(weights=[2.0, 1.0])


def test_the_paths_are_those_of_plain_loops() -> None:
    spec = cliff(descent_steps=12, length=50)
    found = spec.compute().traces

    def loss(w: float, b: float) -> float:
        x = 0.5
        for _ in range(50):
            x = w / (1 + np.exp(-x)) + b
        return float((1 / (1 + np.exp(-x)) - 0.7) ** 2)

    for name, limit in (("path_plain", np.inf), ("path_clipped", spec.threshold)):
        path = found[name][0].numpy()
        for (w, b, value), (next_w, next_b, _) in pairwise(path[:6]):
            np.testing.assert_allclose(value, loss(w, b), rtol=1e-10)
            step = 1e-7
            slope = np.array([loss(w + step, b) - loss(w - step, b), loss(w, b + step) - loss(w, b - step)]) / 2 / step
            slope *= min(1.0, limit / np.linalg.norm(slope))
            moved = np.array([next_w - w, next_b - b])
            np.testing.assert_allclose(moved, -spec.lr * slope, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"points": 1000, "length": 200, "descent_steps": 10}, "points"),
        ({"points": 10, "length": 1000, "descent_steps": 1000}, "descent_steps"),
        ({"start": [1e9, 0.0]}, "start[0]"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        cliff(**settings)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_the_slope_of_a_saturated_unit_is_told_as_far_as_a_float_holds_it() -> None:
    """One step of sigmoid(x), x = w / (1 + e^-1/2) + b: dE/db = 2 (s - .7) s (1 - s), for w = 0 at any b."""
    settings = {"length": 1, "weights": [0, 1], "biases": [-1000, 1000], "points": 201, "descent_steps": 1}
    spec: Any = parse_spec({"experiment": "loss_cliff"} | settings)
    found = spec.compute().traces["gradient_norm_surface"][0].numpy()
    first = 1 / (1 + math.exp(-0.5))
    for b, norm in zip(range(-1000, 1001, 10), found, strict=True):
        if abs(b) > 740:
            assert np.isnan(norm)
        elif abs(b) < 700:
            small = math.exp(-abs(b)) / (1 + math.exp(-abs(b)))
            s = 1 - small if b > 0 else small
            exact = abs(2 * (s - 0.7) * small * (1 - small)) * math.hypot(1, first)
            np.testing.assert_allclose(norm, exact, rtol=1e-12)
