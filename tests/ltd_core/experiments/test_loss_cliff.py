"""science.md, identity 12: the figures of the published cliff, and one step over it."""

from __future__ import annotations

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
