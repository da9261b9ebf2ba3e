"""The threshold is numpy's quantile of the run's last norms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ltd_core.clipping.quantile import QuantileClipping
from ltd_core.engine import Pack
from ltd_core.lazy import torch
from tests.ltd_core.clipping.harness import remembering, seen
from tests.ltd_core.oracle import run_of
from tests.ltd_core.training import alone, exactly


@pytest.mark.parametrize(("window", "share"), [(5, 0.5), (7, 0.9), (20, 0.25), (1, 0.5), (3, 1.0), (3, 0.0)])
def test_the_threshold_follows_the_last_norms(window: int, share: float) -> None:
    generator, lanes = np.random.default_rng(3), 3
    norms = np.exp(generator.normal(size=(40, lanes)))
    norms[7, 1] = np.inf  # not remembered
    memory = remembering(seen(torch.zeros(lanes, 4).double()), QuantileClipping).memory
    settings = {
        "window": torch.full((lanes,), float(window), dtype=torch.float64),
        "quantile": torch.full((lanes,), share, dtype=torch.float64),
    }
    for step in range(40):
        rows = torch.zeros(lanes, 4, dtype=torch.float64)
        rows[:, 0] = torch.from_numpy(norms[step])
        made = QuantileClipping.clip(replace(seen(rows), memory=memory), settings)
        memory = made.memory
        for lane in range(lanes):
            history = norms[: step + 1, lane]
            limit = np.quantile(history[np.isfinite(history)][-window:], share)
            if np.isfinite(norms[step, lane]):
                expected = min(norms[step, lane], limit)
                np.testing.assert_allclose(float(made.gradient[lane].norm()), expected, rtol=1e-12)


def test_what_it_remembers_is_resumed() -> None:
    common: dict[str, Any] = {"clipping": {"kind": "quantile", "window": 20}, "dtype": "float32", "updates": 100}
    spec = run_of(**common)
    whole = alone(spec)
    pack, rest = Pack(spec, 2), []
    pack.load(1, spec, whole[0].state)
    while made := pack.advance():
        rest.append(made[1])
    assert exactly(rest) == exactly(whole[1:])
