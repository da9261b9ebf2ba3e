from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from ltd_core.initializations.orthogonal import Orthogonal
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.initializations.harness import check_the_rest, matrices, started


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("hidden_size", [1, 2, 50])
def test_every_singular_value_is_the_gain(gain: float, hidden_size: int) -> None:
    weights = Orthogonal(gain=gain).recurrent(Draws.of([7], [0]), 0, hidden_size).numpy()
    np.testing.assert_allclose(weights @ weights.T, gain**2 * np.eye(hidden_size), atol=1e-13)


def test_every_rotation_is_equally_likely() -> None:
    """Of the uniform measure: E tr Q = 0 and E (tr Q)^2 = 1, half are reflections, angles are uniform."""
    found = np.stack([Orthogonal().recurrent(Draws.of([seed], [0]), 0, 6).numpy() for seed in range(400)])
    traces = np.trace(found, axis1=1, axis2=2)
    assert abs(traces.mean()) < 4 / 400**0.5
    assert (traces**2).mean() == pytest.approx(1, abs=4 * (2 / 400) ** 0.5)
    assert (np.linalg.det(found) > 0).mean() == pytest.approx(0.5, abs=4 * 0.5 / 400**0.5)
    plane = np.stack([Orthogonal().recurrent(Draws.of([seed], [0]), 0, 2).numpy() for seed in range(400)])
    angles = np.arctan2(plane[:, 1, 0], plane[:, 0, 0])
    assert kstest(angles, "uniform", args=(-np.pi, 2 * np.pi)).pvalue > 1e-3


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_starts_with_orthogonal_matrices(cell: str) -> None:
    for matrix in matrices({"kind": "orthogonal", "gain": 1.2}, cell):
        np.testing.assert_allclose(np.linalg.svd(matrix, compute_uv=False), 1.2, rtol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_run_starts_the_same_whatever_the_threads(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = started({"kind": "orthogonal"})["W"]
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found, started({"kind": "orthogonal"})["W"])


def test_the_rest_of_the_weights() -> None:
    check_the_rest({"kind": "orthogonal"})
