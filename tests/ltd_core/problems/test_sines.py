"""The signal against plain sines, one number at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltd_core.lazy import torch
from ltd_core.problems.sines import Sines
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.problems.harness import refused, sequences

PERIODS = (8, 32, 80, 160)


def naive(seed: int, length: int) -> list[float]:
    """Return the signal by plain arithmetic; amplitudes and phases are the draws of the stream "sines"."""
    draws = Draws.of([stream_key(seed, "sines")], [0])
    phases, sizes = draws.uniform(0, 4)[0].tolist(), draws.uniform(1, 4)[0].tolist()
    values = [
        sum(
            (1 + size) / 2 * math.sin(2 * math.pi * (t / period + phase))
            for size, phase, period in zip(sizes, phases, PERIODS, strict=True)
        )
        for t in range(1, length + 1)
    ]
    largest = max(map(abs, values))
    return [value / largest for value in values]


@pytest.mark.parametrize("length", [10, 77, 320])
@pytest.mark.parametrize("seed", [0, 5])
def test_every_sequence_is_the_same_sum_of_sines(length: int, seed: int) -> None:
    for inputs, targets in sequences(Sines(length=length, sequence_seed=seed), 3):
        assert inputs.shape == targets.shape == (length, 1)
        assert (inputs == 1).all()
        np.testing.assert_allclose(targets[:, 0], naive(seed, length), rtol=0, atol=1e-12)


def test_the_periods_are_those_that_are_named() -> None:
    """Over two of the longest periods, all others fit a whole number of times: the spectrum has four lines."""
    ((_, targets), *_) = sequences(Sines(length=320), 1, 1)
    strength = np.abs(np.fft.rfft(targets[:, 0]))
    assert set(np.flatnonzero(strength > 1e-9 * strength.max())) == {320 // period for period in PERIODS}


def test_the_best_constant_has_the_variance_as_its_error() -> None:
    """Over whole periods: half the squared amplitudes, on the scale on which the largest value is 1."""
    ((_, targets), *_) = sequences(Sines(length=320), 1, 1)
    strength = np.abs(np.fft.rfft(targets[:, 0])) / 160
    assert ((targets - targets.mean()) ** 2).mean() == pytest.approx((strength**2).sum() / 2, rel=1e-9)
    assert np.abs(targets).max() == 1


def test_seeds_make_different_signals() -> None:
    signals = [next(sequences(Sines(length=20, sequence_seed=seed), 1))[1] for seed in range(5)]
    assert len({signal.tobytes() for signal in signals}) == 5


def test_every_step_is_answered() -> None:
    problem = Sines(length=50)
    assert (problem.longest, problem.shortest, problem.answers, problem.scored) == (50, 50, 50, 50)


def test_a_range_of_lengths_is_refused() -> None:
    assert "one length" in refused(kind="sines", length=[10, 20])["length"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_depends_on_what_else_is_drawn(dtype: str) -> None:
    """And nothing that is done to one minibatch reaches the next."""
    problem, kind = Sines(length=20), getattr(torch, dtype)
    together = problem.draw(Draws.of([1, 2, 3], [5, 6, 7]), 3, kind)
    alone = problem.draw(Draws.of([9], [1]), 1, kind)
    for lane in range(3):
        assert torch.equal(together.inputs[lane, :, :1], alone.inputs[0])
        assert torch.equal(together.targets[lane, :, 2:], alone.targets[0])
    kept = alone.targets.clone()
    alone.targets.zero_()
    assert torch.equal(problem.draw(Draws.of([9], [1]), 1, kind).targets, kept)
