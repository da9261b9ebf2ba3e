from __future__ import annotations

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.lazy import torch
from ltd_core.probes.time_constant import TimeConstant
from tests.ltd_core.oracle import by_engine, run_of
from tests.ltd_core.training import alone

LEAKY = {"kind": "rnn", "hidden_size": 5, "time_scale": {"kind": "learned", "alpha": [0.1, 0.99]}}


@pytest.mark.parametrize("more", [{}, {"layers": 2}, {"state_periods": [1, 2]}], ids=str)
def test_every_tenth_update_is_that_of_the_weights_before_it(more: dict[str, object]) -> None:
    fast = {"kind": "adam", "lr": 0.05}
    found = by_engine(run_of(cell=LEAKY | more, optimizer=fast)).array("time_constant")
    assert found.shape == (3, 5)
    for step, values in zip((10, 20, 30), found, strict=True):
        before = weights(alone(run_of(cell=LEAKY | more, optimizer=fast, updates=step - 1))[-1].state)
        alpha = 1 / (1 + np.exp(-before["alpha_logit"]))
        np.testing.assert_allclose(values, -1 / np.log(alpha), rtol=1e-10)


def test_extremes_stay_in_range() -> None:
    logits = torch.tensor([[-800.0, -30.0, 0.0, 30.0]])
    found = TimeConstant.measure({"alpha_logit": logits})[0].tolist()
    np.testing.assert_allclose(found, [1 / 800, 1 / 30, 1 / np.log(2), np.exp(30)], rtol=1e-5)


def test_only_learned_time_scales_leave_it() -> None:
    for kind in ("none", "constant", "uniform", "log_uniform"):
        assert not TimeConstant.applies(run_of(cell={"kind": "rnn", "hidden_size": 5, "time_scale": {"kind": kind}}))
    assert not TimeConstant.applies(run_of(cell={"kind": "lstm", "hidden_size": 5}))
    assert TimeConstant.applies(run_of(cell=LEAKY))
