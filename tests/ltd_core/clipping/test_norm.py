"""science.md, identity 9: cosine 1, norm min(n, v)."""

from __future__ import annotations

import pytest

from ltd_core.clipping.norm import NormClipping
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import gradients, seen
from tests.ltd_core.oracle import check_weights


def test_a_whole_run_is_torchs() -> None:
    check_weights(clipping={"kind": "norm", "threshold": 0.2})


def test_the_direction_stays_and_the_norm_is_the_threshold() -> None:
    g, limits = gradients(), torch.tensor([1.0, 1.0, 0.5, 1.0, 2.0, 100.0], dtype=torch.float64)
    norms = g.norm(dim=1)
    clipped = NormClipping.clip(seen(g), {"threshold": limits})
    torch.testing.assert_close(clipped.gradient.norm(dim=1), torch.minimum(norms, limits), rtol=1e-14, atol=0)
    cosines = torch.nn.functional.cosine_similarity(g, clipped.gradient)[1:]
    torch.testing.assert_close(cosines, torch.ones_like(cosines), rtol=1e-14, atol=0)
    assert torch.equal(clipped.share, (norms > limits).double())


def test_at_the_threshold_and_at_zero_nothing_is_changed() -> None:
    g = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    clipped = NormClipping.clip(seen(g), {"threshold": torch.tensor([5.0, 1.0])})
    assert torch.equal(clipped.gradient, g)
    assert not clipped.share.any()


def test_it_is_torchs_without_the_millionth() -> None:
    """torch scales by v / (n + 1e-6), science.md says; this rule by v / n."""
    for lane, g in enumerate(gradients()):
        parameter = torch.zeros_like(g).requires_grad_()
        parameter.grad = g.clone()
        norm = torch.nn.utils.clip_grad_norm_([parameter], 0.5)
        clipped = NormClipping.clip(seen(g.unsqueeze(0)), {"threshold": torch.full((1,), 0.5).double()})
        torch.testing.assert_close(
            clipped.gradient[0],
            parameter.grad * ((norm + 1e-6) / norm) if norm > 0.5 else g,
            rtol=1e-12,
            atol=0,
            msg=f"lane {lane}",
        )


@pytest.mark.parametrize("bad", [torch.inf, -torch.inf, torch.nan])
def test_infinity_stays_visible_and_stays_in_its_lane(bad: float) -> None:
    """The engine calls a lane diverged by the norm before clipping; its neighbors must not notice."""
    g = gradients()
    alone = NormClipping.clip(seen(g), {"threshold": torch.ones(len(g)).double()})
    g[3, 7] = bad
    norms = g.norm(dim=1)
    clipped = NormClipping.clip(seen(g), {"threshold": torch.ones(len(g)).double()})
    assert not torch.isfinite(norms[3])
    assert not torch.isfinite(clipped.gradient[3]).all()
    others = [0, 1, 2, 4, 5]
    assert torch.equal(clipped.gradient[others], alone.gradient[others])
    assert torch.equal(clipped.share[others], alone.share[others])
