"""Adaptive gradient clipping, unit by unit, against a loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ltd_core.clipping.ratio import RatioClipping
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import gradients, seen
from tests.ltd_core.oracle import run_of


def test_every_unit_is_clipped_by_its_weights() -> None:
    spec, ratio = run_of(), 0.1
    layout = Layout(spec)
    g = gradients(lanes=5, size=layout.size) * 0.1
    weights = torch.stack([layout.initial(spec)] * 5)
    seen_by = replace(seen(g, weights), views=layout.views)
    made = RatioClipping.clip(seen_by, {"ratio": torch.full((5,), ratio, dtype=torch.float64)})
    for name, raw in layout.views(g).items():
        mine, of = layout.views(made.gradient)[name].numpy(), layout.views(weights)[name].numpy()
        for lane in range(5):
            columns = [np.s_[:, j] for j in range(raw.shape[2])] if raw.dim() == 3 else [np.s_[:]]
            for column in columns:
                gradient, weight = raw[lane].numpy()[column], of[lane][column]
                limit = ratio * max(np.linalg.norm(weight), 1e-3)
                norm = np.linalg.norm(gradient)
                expected = gradient * (limit / norm if norm > limit else 1.0)
                np.testing.assert_allclose(mine[lane][column], expected, rtol=1e-12, atol=1e-300)
