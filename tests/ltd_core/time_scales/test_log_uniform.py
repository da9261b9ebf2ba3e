from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.time_scales.log_uniform import LogUniformTimeScale
from tests.ltd_core.time_scales.harness import check_computing, check_constant, check_refused, check_training, started

SCALE = {"kind": "log_uniform", "shortest": 0.5, "longest": 40}


@pytest.mark.parametrize(("shortest", "longest"), [(1.0, 100.0), (0.01, 3.0), (20.0, 21.0)])
def test_the_logarithm_of_the_time_constant_is_uniform(shortest: float, longest: float) -> None:
    made = LogUniformTimeScale(shortest=shortest, longest=longest)
    times = np.log(-1 / np.log(made.draw(Draws.of([3], [0]), 5, 4000, torch.zeros(0)).numpy()))
    first, last = np.log(shortest), np.log(longest)
    assert first - 1e-9 <= times.min()
    assert times.max() <= last + 1e-9
    assert kstest(times, "uniform", args=(first, last - first)).pvalue > 1e-3


def test_limits_may_meet() -> None:
    found = started({"kind": "log_uniform", "shortest": 4, "longest": 4})
    np.testing.assert_allclose(found, np.exp(-1 / 4), rtol=1e-14)


def test_a_run_draws_its_own_once() -> None:
    first, again, other = (started(SCALE, size=300, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 4 / 300**0.5


def test_it_computes_what_the_slow_loop_does() -> None:
    check_computing(SCALE)


def test_a_run_is_the_slow_loops() -> None:
    check_training(SCALE)


def test_training_moves_no_alpha() -> None:
    check_constant(SCALE)


@pytest.mark.parametrize(("shortest", "longest"), [(0, 3), (-1, 3), (3, 2), ("short", 3), (1, None)])
def test_other_limits_are_refused(shortest: object, longest: object) -> None:
    check_refused({"kind": "log_uniform", "shortest": shortest, "longest": longest}, "cell.time_scale")
