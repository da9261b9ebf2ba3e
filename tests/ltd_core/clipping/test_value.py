"""science.md, identity 9: signs kept, g clip(g) > 0."""

from __future__ import annotations

from ltd_core.clipping.value import ValueClipping
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import gradients, seen
from tests.ltd_core.oracle import check_weights


def test_a_whole_run_is_torchs() -> None:
    check_weights(clipping={"kind": "value", "threshold": 0.02})


def test_every_element_is_limited_and_keeps_its_sign() -> None:
    g, limits = gradients(), torch.tensor([1.0, 0.01, 0.5, 1.0, 2.0, 100.0], dtype=torch.float64)
    clipped = ValueClipping.clip(seen(g), {"threshold": limits})
    for lane, limit in enumerate(limits.tolist()):
        assert torch.equal(clipped.gradient[lane], g[lane].clamp(-limit, limit))
    assert torch.equal(clipped.gradient.sign(), g.sign())
    torch.testing.assert_close(clipped.share, (g.abs() > limits.unsqueeze(-1)).double().mean(1))


def test_it_is_torchs() -> None:
    g = gradients()
    clipped = ValueClipping.clip(seen(g), {"threshold": torch.full((len(g),), 0.3, dtype=g.dtype)})
    parameter = torch.zeros_like(g).requires_grad_()
    parameter.grad = g.clone()
    torch.nn.utils.clip_grad_value_([parameter], 0.3)
    assert torch.equal(clipped.gradient, parameter.grad)


def test_at_the_threshold_and_at_zero_nothing_is_changed() -> None:
    g = torch.tensor([[0.5, -0.5, 0.0], [0.0, 0.0, 0.0]])
    clipped = ValueClipping.clip(seen(g), {"threshold": torch.tensor([0.5, 1.0])})
    assert torch.equal(clipped.gradient, g)
    assert not clipped.share.any()


def test_infinity_is_limited_but_nan_stays() -> None:
    """An infinite gradient is divergence all the same: the engine looks at the norm before clipping."""
    g = torch.tensor([[torch.inf, -torch.inf, 0.5], [torch.nan, 2.0, 0.5]])
    clipped = ValueClipping.clip(seen(g), {"threshold": torch.ones(2)})
    assert clipped.gradient[0].tolist() == [1.0, -1.0, 0.5]
    assert torch.isnan(clipped.gradient[1]).tolist() == [True, False, False]
    assert clipped.gradient[1, 1:].tolist() == [1.0, 0.5]


def test_the_mean_of_clipped_gaussians_is_the_closed_form() -> None:
    """science.md, identity 10: N(0.5, 2^2) limited at 1 has mean 0.18964."""
    generator = torch.Generator().manual_seed(1)
    g = 0.5 + 2.0 * torch.randn(1, 2_000_000, generator=generator, dtype=torch.float64)
    clipped = ValueClipping.clip(seen(g), {"threshold": torch.ones(1, dtype=torch.float64)})
    assert abs(clipped.gradient.mean().item() - 0.18964) < 0.002
