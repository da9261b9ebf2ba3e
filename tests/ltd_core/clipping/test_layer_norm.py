"""Each weight's gradient is clipped by itself: torch's own clipping, called once for each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ltd_core.clipping.layer_norm import LayerNormClipping
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import gradients, seen
from tests.ltd_core.oracle import run_of


def test_every_part_is_clipped_alone() -> None:
    spec = run_of()
    layout = Layout(spec)
    g = gradients(lanes=5, size=layout.size)
    limits = torch.tensor([1.0, 0.01, 0.1, 1.0, 50.0], dtype=torch.float64)
    made = LayerNormClipping.clip(replace(seen(g), views=layout.views), {"threshold": limits})
    for lane, limit in enumerate(limits.tolist()):
        scaled = 0
        for mine, raw in zip(layout.views(made.gradient).values(), layout.views(g).values(), strict=True):
            norm = np.linalg.norm(raw[lane].numpy())
            expected = raw[lane].numpy() * (limit / norm if norm > limit else 1.0)
            np.testing.assert_allclose(mine[lane].numpy(), expected, rtol=1e-12)
            scaled += raw[lane].numel() * (norm > limit)
        np.testing.assert_allclose(float(made.share[lane]), scaled / layout.size)
