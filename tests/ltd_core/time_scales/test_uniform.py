from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.time_scales.uniform import UniformTimeScale
from tests.ltd_core.time_scales.harness import check_computing, check_constant, check_refused, check_training, started

SCALE = {"kind": "uniform", "lowest": 0.2, "highest": 0.95}


@pytest.mark.parametrize(("lowest", "highest"), [(0.0, 1.0), (0.2, 0.3), (0.9, 1.0)])
def test_alpha_is_uniform(lowest: float, highest: float) -> None:
    made = UniformTimeScale(lowest=lowest, highest=highest)
    alphas = made.draw(Draws.of([3], [0]), 5, 4000, torch.zeros(0)).numpy()
    assert lowest <= alphas.min()
    assert alphas.max() <= highest
    assert kstest(alphas, "uniform", args=(lowest, highest - lowest)).pvalue > 1e-3


def test_limits_may_meet() -> None:
    np.testing.assert_array_equal(started({"kind": "uniform", "lowest": 0.25, "highest": 0.25}), [0.25] * 7)


def test_a_run_draws_its_own_once() -> None:
    first, again, other = (started(SCALE, size=300, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 4 / 300**0.5
    assert len(np.unique(first)) == 300


def test_it_computes_what_the_slow_loop_does() -> None:
    check_computing(SCALE)


def test_a_run_is_the_slow_loops() -> None:
    check_training(SCALE)


def test_training_moves_no_alpha() -> None:
    check_constant(SCALE)


@pytest.mark.parametrize(("lowest", "highest"), [(-0.1, 1), (0, 1.1), (0.6, 0.5), ("low", 1), (0, None)])
def test_other_limits_are_refused(lowest: object, highest: object) -> None:
    check_refused({"kind": "uniform", "lowest": lowest, "highest": highest}, "cell.time_scale")
