from __future__ import annotations

from ltd_core.clipping.none import NoClipping
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import gradients, seen
from tests.ltd_core.oracle import check_weights


def test_a_whole_run_is_torchs() -> None:
    check_weights(clipping={"kind": "none"})


def test_nothing_is_changed() -> None:
    g = gradients()
    clipped = NoClipping.clip(seen(g), {})
    assert torch.equal(clipped.gradient, g)
    assert not clipped.share.any()
