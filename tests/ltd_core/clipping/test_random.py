"""science.md, identity 9: a random step has length v, and its cosine with the gradient is 0 in the mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from ltd_core.clipping.random import RandomClipping
from ltd_core.engine.clipper import Clipper
from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import gradients, seen
from tests.ltd_core.oracle import run_of
from tests.ltd_core.training import alone

DRAWS = 10_000


def test_only_what_is_too_long_is_replaced_by_a_step_of_the_threshold() -> None:
    g = gradients()
    limits = torch.full((len(g),), 2.0, dtype=torch.float64)
    made = RandomClipping.clip(seen(g), {"threshold": limits})
    away = g.norm(dim=1) > 2.0
    assert torch.equal(made.gradient[~away], g[~away])
    torch.testing.assert_close(made.gradient[away].norm(dim=1), limits[away], rtol=1e-12, atol=0)
    assert torch.equal(made.share, away.double())


def directions(numbers: int) -> torch.Tensor:
    """Return the engine's directions of one run at 10,000 updates."""
    spec = run_of(clipping={"kind": "random"})
    rows = torch.zeros(1, Layout(spec).size, dtype=torch.float64)
    clipper = Clipper(Layout(spec), rows, {})
    clipper.load([Lane(0, spec)])
    steps = torch.arange(1, DRAWS + 1).view(-1, 1, 1)
    return torch.cat([clipper._directions(step, 1, numbers) for step in steps])


def test_the_mean_cosine_is_zero_within_its_error_in_three_dimensions() -> None:
    u = directions(3)
    g = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    cosines = u @ g / g.norm()
    error = float(cosines.std()) / DRAWS**0.5
    assert abs(float(cosines.mean())) < 3.5 * error
    np.testing.assert_allclose(float(cosines.var()), 1 / 3, rtol=0.05)  # uniform on the sphere: cosine ~ U[-1, 1]
    np.testing.assert_allclose(np.histogram(cosines, bins=4, range=(-1, 1))[0] / DRAWS, 0.25, atol=0.02)


def test_a_run_goes_on_through_gradients_that_are_not_finite() -> None:
    """relu and a large step: without the rule the run diverges, with it every step is of the threshold's length."""
    wild: dict[str, Any] = {
        "cell": {"kind": "rnn", "hidden_size": 7, "nonlinearity": "relu"},
        "initialization": {"kind": "spectral", "radius": 3.0},
        "optimizer": {"kind": "sgd", "lr": 0.01},
        "dtype": "float32",
        "problem": {"kind": "temporal_order", "length": 120},
    }
    assert alone(run_of(clipping={"kind": "none"}, **wild))[-1].outcome.kind == "diverged"
    steps = [b.values for p in alone(run_of(clipping={"kind": "random"}, **wild)) for b in p.blocks]
    assert steps
