from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.lazy import torch
from ltd_core.probes import Update
from ltd_core.probes.group_gradient_share import GroupGradientShare
from tests.ltd_core.oracle import by_engine, run_of
from tests.ltd_core.plain_training import by_plain

CELLS: dict[str, dict[str, Any]] = {
    "time scales": {"kind": "rnn", "time_scale": {"kind": "constant", "alpha": [0.1, 0.5, 0.9]}},
    "learned": {"kind": "rnn", "time_scale": {"kind": "learned", "alpha": [0.1, 0.9]}, "delays": [1, 3]},
    "clock": {"kind": "rnn", "state_periods": [1, 2, 4], "layers": 2},
    "updates": {"kind": "lstm", "update_periods": [1, 3]},
    "gates": {"kind": "gru", "update_periods": [2, 1, 1]},
    "resting": {"kind": "mgu", "update_periods": [2, 4]},
}


@pytest.mark.parametrize("cell", list(CELLS))
def test_every_update_is_autograds(cell: str) -> None:
    spec = run_of(cell=CELLS[cell] | {"hidden_size": 7}, updates=9, clipping={"kind": "norm", "threshold": 0.01})
    mine, theirs = (run.array("group_gradient_share") for run in (by_engine(spec), by_plain(spec)))
    np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-13)
    whole = mine[~np.isnan(mine).any(1)]
    np.testing.assert_allclose(whole.sum(1), 1, rtol=1e-12)
    assert np.isnan(mine).any() == (cell == "resting")


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e30])
def test_squares_beyond_single_precision_have_a_share(scale: float) -> None:
    gradient = torch.tensor([[3.0, 4.0, 7.0], [0.0, 1.0, 7.0]]) * scale
    groups = (torch.tensor([0]), torch.tensor([1]))
    nothing = gradient[:, 0]
    update = Update(*[nothing] * 5, gradient, gradient, groups, nothing, nothing, gradient, nothing)
    found = GroupGradientShare.measure(update)
    np.testing.assert_allclose(found.numpy(), [[9 / 25, 16 / 25], [0, 1]], rtol=1e-6)


def test_units_of_one_group_have_no_trace() -> None:
    for cell in ({"kind": "rnn"}, {"kind": "rnn", "time_scale": {"kind": "constant", "alpha": [0.3]}}, {"kind": "gru"}):
        assert not GroupGradientShare.applies(run_of(cell=cell | {"hidden_size": 7}))
    assert all(GroupGradientShare.applies(run_of(cell=cell | {"hidden_size": 7})) for cell in CELLS.values())
