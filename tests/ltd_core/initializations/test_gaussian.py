from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from ltd_core.initializations.gaussian import Gaussian
from ltd_core.randomness import Draws
from tests.ltd_core.initializations.harness import check_the_rest, matrices


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.5])
def test_the_deviation_is_the_gain_over_the_root_of_the_width(gain: float) -> None:
    weights = Gaussian(gain=gain).recurrent(Draws.of([7], [0]), 0, 225).numpy()
    assert weights.std() == pytest.approx(gain / 15, rel=0.015)
    assert abs(weights.mean()) < 4 * gain / 15 / 225
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(gain, rel=0.1)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_starts_with_normal_entries_of_that_deviation(cell: str) -> None:
    for matrix in matrices({"kind": "gaussian", "gain": 2.0}, cell):
        assert kstest(matrix.ravel() * 50**0.5 / 2.0, "norm").pvalue > 1e-4


def test_the_rest_of_the_weights() -> None:
    check_the_rest({"kind": "gaussian"})


def test_the_log_norm_of_a_linear_walk_has_no_drift_at_its_gain() -> None:
    """science.md, identity 4: with W ~ N(0, g^2 / N), the drift of log |h| is 0 at g = exp(1 / 2N)."""
    size, steps = 20, 100
    drifts = []
    for seed in range(20):
        draws, h = Draws.of([seed], [0]), np.ones(size)
        gain = np.exp(1 / (2 * size))
        for step in range(steps):
            h = h @ Gaussian(gain=gain).recurrent(draws, step, size).numpy()
        drifts.append(np.log(np.linalg.norm(h) / size**0.5) / steps)
    assert abs(np.mean(drifts)) < 4 * np.std(drifts) / len(drifts) ** 0.5
