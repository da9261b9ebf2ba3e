"""Logarithms of norms against numpy."""

from __future__ import annotations

import math

import numpy as np

from ltd_core.engine.logarithms import together
from ltd_core.lazy import torch


def test_norms_of_parts_make_the_norm_of_the_whole() -> None:
    norms = np.random.default_rng(1).lognormal(sigma=5.0, size=(3, 50))
    first, *others = torch.from_numpy(np.log(norms)).unbind()
    np.testing.assert_allclose(together(first, others).numpy(), np.log(np.sqrt((norms**2).sum(0))), rtol=1e-12)
    odd = torch.tensor([-math.inf, -3000.0, math.nan])
    assert str(together(odd, [torch.tensor([-math.inf, -math.inf, 0.0])]).tolist()) == "[-inf, -3000.0, nan]"
