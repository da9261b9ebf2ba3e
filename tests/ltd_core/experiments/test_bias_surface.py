"""The bias of clipping against closed forms, cases of the literature on finite sums, and loops over examples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.engine import pack_for
from ltd_core.experiments.bias_surface import measured
from ltd_core.lazy import torch
from ltd_core.spec import parse_spec


def phi(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def clipped_mean(mu: float, sigma: float, c: float) -> float:
    """science.md, identity 10: the mean of N(mu, sigma^2) clipped to [-c, c]."""
    a, b = (-c - mu) / sigma, (c - mu) / sigma
    return mu * (cdf(b) - cdf(a)) + sigma * (phi(a) - phi(b)) + c * (1 - cdf(b)) - c * cdf(a)


def test_the_closed_form_is_the_printed_one() -> None:
    assert abs(clipped_mean(0.5, 2.0, 1.0) - 0.18964) < 5e-6


@pytest.mark.parametrize("rule", ["norm", "value"])
@pytest.mark.parametrize("mu", [-2.0, 0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize(("sigma", "c"), [(2.0, 1.0), (0.5, 0.7), (1.0, 0.1), (3.0, 4.0)])
def test_clipped_gaussian_means(rule: str, mu: float, sigma: float, c: float) -> None:
    """In one dimension both rules are the same; batches of B shrink sigma by sqrt(B). Twenty settings of each."""
    examples, sizes = 65_536, (1, 4, 16)
    generator = torch.Generator().manual_seed(int(100 * (mu + 5)) + int(10 * sigma))
    gradients = mu + sigma * torch.randn(examples, 1, generator=generator, dtype=torch.float64)
    surface = measured(gradients, torch.tensor([c], dtype=torch.float64), sizes, rule)
    for place, size in enumerate(sizes):
        mean = float(gradients.view(-1, size).mean(1).clamp(-c, c).mean())
        parts = gradients.view(-1, size).mean(1)
        error = float(parts.clamp(-c, c).std()) / math.sqrt(len(parts))
        assert float(surface.bias_norm_error[0, place]) <= error * (1 + 1e-6) + 1e-8
        assert abs(mean - clipped_mean(mu, sigma / math.sqrt(size), c)) < 4.5 * error + 1e-5
        full = float(gradients.mean().clamp(-c, c))
        np.testing.assert_allclose(float(surface.bias_norm[0, place]), abs(mean - full), atol=1e-10)


def test_two_points_of_the_literature() -> None:
    """Chen, Wu and Hong 2020, example 1: E (x - z)^2 / 2 for z = -2, 1, 1 at x = 0, c = 1: clipped, 0 becomes -1/3."""
    gradients = torch.tensor([[2.0], [-1.0], [-1.0]], dtype=torch.float64)
    surface = measured(gradients, torch.tensor([1.0], dtype=torch.float64), (1,), "norm")
    np.testing.assert_allclose(float(surface.bias_norm[0, 0]), 1 / 3, atol=1e-12)
    np.testing.assert_allclose(float(surface.distance_to_true[0, 0]), 1 / 3, atol=1e-12)
    np.testing.assert_allclose(float(surface.bias_clipped_share[0, 0]), 1 / 3, atol=1e-12)


def test_three_points_in_the_plane() -> None:
    """Symmetric gradients keep their direction under clipping, others turn: by hand, on three vectors."""
    gradients = torch.tensor([[3.0, 0.0], [0.0, 0.5], [0.0, 0.5]], dtype=torch.float64)
    surface = measured(gradients, torch.tensor([0.5, 1.0, 10.0], dtype=torch.float64), (1, 3), "norm")
    full = np.array([1.0, 1 / 3])
    for place, c in enumerate((0.5, 1.0, 10.0)):
        mean = np.array([min(3.0, c), 1.0]) / 3
        target = full * min(1.0, c / np.linalg.norm(full))
        np.testing.assert_allclose(float(surface.bias_norm[place, 0]), np.linalg.norm(mean - target), atol=1e-12)
        cosine = mean @ full / np.linalg.norm(mean) / np.linalg.norm(full)
        np.testing.assert_allclose(float(surface.bias_cosine[place, 0]), cosine, atol=1e-12)
        np.testing.assert_allclose(float(surface.bias_norm[place, 1]), 0.0, atol=1e-12)  # the whole set at once


@pytest.mark.parametrize("rule", ["norm", "value", "example_norm"])
def test_a_surface_is_a_loop_over_minibatches(rule: str) -> None:
    generator, limits, sizes = np.random.default_rng(4), [0.3, 1.5, 6.0], (2, 4, 12)
    g = generator.normal(size=(48, 7)) * np.exp(generator.normal(size=(48, 1)))
    surface = measured(torch.from_numpy(g), torch.tensor(limits, dtype=torch.float64), sizes, rule)

    def clip(x: Any, c: float) -> Any:
        return np.clip(x, -c, c) if rule == "value" else x * min(1.0, c / np.linalg.norm(x))

    for i, c in enumerate(limits):
        for j, size in enumerate(sizes):
            rows = g if rule == "example_norm" else g.reshape(-1, size, 7).mean(1)
            mean = np.mean([clip(x, c) for x in rows], 0)
            target = clip(g.mean(0), c)
            np.testing.assert_allclose(
                float(surface.bias_norm[i, j]), np.linalg.norm(mean - target), rtol=1e-10, atol=1e-14
            )
            np.testing.assert_allclose(
                float(surface.distance_to_true[i, j]), np.linalg.norm(mean - g.mean(0)), rtol=1e-10, atol=1e-14
            )
            ratio = np.linalg.norm(mean) / np.linalg.norm(target)
            np.testing.assert_allclose(float(surface.bias_norm_ratio[i, j]), ratio, rtol=1e-10)


def test_errors_are_those_of_other_minibatches_of_the_same_set() -> None:
    """The spread of the mean over many random orders is no larger than its stated error says, nor far smaller."""
    generator = torch.Generator().manual_seed(9)
    g = torch.randn(512, 3, generator=generator, dtype=torch.float64) + torch.tensor([0.5, 0.0, 0.0]).double()
    limits, sizes = torch.tensor([0.2, 0.6, 50.0], dtype=torch.float64), (1, 8)
    surface = measured(g, limits, sizes, "norm")
    means = []
    for _ in range(200):
        rows = g[torch.randperm(512, generator=generator)].view(-1, 8, 3).mean(1)
        scale = (limits.view(-1, 1) / rows.norm(dim=1)).clamp(max=1.0)
        means.append((scale.unsqueeze(2) * rows).mean(1))
    seen = torch.stack(means).var(0).sum(1).sqrt()
    stated = surface.bias_norm_error[:, 1]
    assert (seen[:2] <= 1.2 * stated[:2]).all()
    assert (seen[:2] >= 0.3 * stated[:2]).all()
    assert float(stated[2]) == 0.0  # nothing is clipped
    assert not surface.bias_norm_error[:, 0].any()  # every example is taken


@pytest.mark.parametrize("size", [2, 4])
def test_the_error_of_clipped_examples_counts_examples_not_minibatches(size: int) -> None:
    """Twelve examples, each clipped: the standard error of their mean has 11 degrees of freedom at any batch size."""
    g = np.random.default_rng(3).normal(size=(12, 5))
    limit = 1.5
    surface = measured(torch.from_numpy(g), torch.tensor([limit]).double(), (size,), "example_norm")
    clipped = np.array([x * min(1.0, limit / np.linalg.norm(x)) for x in g])
    spreads = [((rows - rows.mean(0)) ** 2).sum(1).mean() for rows in (clipped, clipped - g)]
    np.testing.assert_allclose(float(surface.bias_norm_error[0, 0]), np.sqrt(min(spreads) / 11), rtol=1e-10)


def test_bias_falls_as_the_batch_and_as_the_threshold_grow() -> None:
    """On a trained net: M17."""
    spec = parse_spec(
        {
            "experiment": "clipping_bias",
            "problem": {"kind": "temporal_order", "length": 30},
            "cell": {"kind": "rnn", "hidden_size": 20},
            "after": [0, 200],
            "thresholds": [0.5, 0.8, 0.95],
            "unit": "quantile",
            "batch_sizes": [1, 8, 64, 512],
            "examples": 512,
        }
    )
    pack = pack_for(spec, 1)
    pack.load(0, spec)
    blocks = {block.name: block.values for block in pack.advance()[0].blocks}
    away, share = blocks["bias_norm"], blocks["bias_clipped_share"]
    assert (np.diff(away[1], axis=1) <= 1e-9).all()  # by batch size
    np.testing.assert_allclose(away[:, :, -1], 0.0, atol=1e-7)  # the whole set
    assert (np.diff(share[1], axis=0) <= 0).all()  # by threshold
    assert away[1, -1, 0] < away[1, 0, 0]


@pytest.mark.parametrize("size", [0.0, 1e-152, 1e100])
def test_a_cosine_and_a_ratio_are_those_of_any_size_and_none_where_there_is_no_direction(size: float) -> None:
    gradients = size * torch.tensor([[1.0, 0.0], [1.0, 2.0]], dtype=torch.float64)
    surface = measured(gradients, torch.tensor([2.0 * size + 1e-300], dtype=torch.float64), [1], "norm")
    cosine, ratio = float(surface.bias_cosine[0, 0]), float(surface.bias_norm_ratio[0, 0])
    if size == 0.0:
        assert np.isnan([cosine, ratio]).all()
    else:
        clipped = (np.array([1.0, 0.0]) + np.array([1.0, 2.0]) * 2 / 5**0.5) / 2
        assert cosine == pytest.approx(clipped @ [1, 1] / np.linalg.norm(clipped) / 2**0.5, rel=1e-12)
        assert ratio == pytest.approx(np.linalg.norm(clipped) / 2**0.5, rel=1e-12)


def loop(g: Any, limit: float, size: int, rule: str) -> dict[str, float]:
    """Return the figures of one threshold and batch size, in numbers whose squares are in range: 1e600 is."""
    full = g.mean(0)
    rows = g if rule == "example_norm" else g.reshape(-1, size, g.shape[1]).mean(1)

    def clip(x: Any) -> Any:
        if rule == "value":
            return np.clip(x, -limit, limit)
        length = np.sqrt((x**2).sum())
        return x * (limit / length) if length > limit else x

    clipped, target = np.array([clip(x) for x in rows]), clip(full)
    mean = clipped.mean(0)
    spreads = [((part - part.mean(0)) ** 2).sum(1).mean() for part in (clipped, clipped - rows)]
    norm = [np.sqrt((part**2).sum()) for part in (mean - target, mean - full, mean, target, full)]
    large = np.abs(rows) > limit if rule == "value" else np.sqrt((rows**2).sum(1)) > limit
    return {
        "bias_norm": norm[0],
        "bias_norm_error": np.sqrt(min(spreads) / (len(rows) - 1)) if size > 1 else 0.0,
        "distance_to_true": norm[1],
        "bias_norm_ratio": norm[2] / norm[3],
        "bias_cosine": (mean / norm[2]) @ (full / norm[4]),
        "bias_clipped_share": large.mean(),
    }


@pytest.mark.parametrize("rule", ["norm", "value", "example_norm"])
@pytest.mark.parametrize("spread", [0.3, 60.0], ids=["alike", "of many sizes"])
@pytest.mark.parametrize("exponent", range(-300, 301, 60))
def test_every_figure_is_right_from_1e_minus_300_to_1e300(rule: str, spread: float, exponent: int) -> None:
    """Gradients and thresholds, near each other or as far apart as a float allows; examples up to 1e150 apart."""
    generator = np.random.default_rng(exponent + 300)
    wide = np.longdouble(10.0) ** exponent * np.exp(generator.normal(size=(12, 1)) * spread).astype(np.longdouble)
    g = (np.clip(wide, 1e-300, 1e300) * generator.normal(size=(12, 5)) / 4).astype(np.float64)
    limits = [float(10.0**power) for power in range(-300, 301, 60)] + [float(abs(g[3]).max())]
    surface = measured(torch.from_numpy(g), torch.tensor(limits, dtype=torch.float64), (1, 4), rule)
    for i, limit in enumerate(limits):
        for j, size in enumerate((1, 4)):
            right = loop(g.astype(np.longdouble), limit, size, rule)
            for name, value in right.items():
                found, scale = float(getattr(surface, name)[i, j]), 1.0
                if name in {"bias_norm", "bias_norm_error"}:
                    scale = min(limit, float(np.abs(g).max()))
                elif name == "distance_to_true":
                    scale = float(np.abs(g).max())
                assert abs(found - float(value)) <= 1e-7 * scale, (name, limit, size, found, value)
    whole = np.sqrt((g.astype(np.longdouble).mean(0) ** 2).sum())
    assert float(surface.full_gradient_norm) == pytest.approx(float(whole), rel=1e-12)


@pytest.mark.parametrize("rule", ["norm", "value", "example_norm"])
@pytest.mark.parametrize(("kind", "most"), [(torch.float32, 110), (torch.float64, 1000)], ids=str)
def test_a_power_of_two_changes_no_bit_of_a_surface(rule: str, kind: torch.dtype, most: int) -> None:
    g = torch.randn(24, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(kind)
    limits = torch.tensor([0.3, 1.0, 2.0, 50.0], dtype=torch.float64)
    plain = measured(g, limits, (1, 4), rule)._asdict()
    for exponent in (-most, -most // 2, most // 2, most):
        found = measured(g * 2.0**exponent, limits * 2.0**exponent, (1, 4), rule)._asdict()
        for name, values in plain.items():
            is_size = name in {"bias_norm", "bias_norm_error", "distance_to_true", "full_gradient_norm"}
            expected = values * 2.0**exponent if is_size else values
            assert torch.equal(found[name], expected), (name, exponent)
