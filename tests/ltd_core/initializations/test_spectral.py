from __future__ import annotations

import numpy as np
import pytest

from ltd_core.initializations.spectral import Spectral
from ltd_core.randomness import Draws
from tests.ltd_core.initializations.harness import check_the_rest, matrices


@pytest.mark.parametrize("radius", [0.1, 0.95, 3.0])
@pytest.mark.parametrize("hidden_size", [1, 2, 50])
def test_the_radius_is_exact(radius: float, hidden_size: int) -> None:
    weights = Spectral(radius=radius).recurrent(Draws.of([7], [0]), 0, hidden_size).numpy()
    assert weights.shape == (hidden_size, hidden_size)
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(radius, rel=1e-10)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_starts_with_exactly_the_radius(cell: str) -> None:
    for matrix in matrices({"kind": "spectral", "radius": 1.1}, cell, seed=5):
        assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(1.1, rel=1e-10)


def test_the_rest_of_the_weights() -> None:
    check_the_rest({"kind": "spectral"})


def test_entries_are_gaussian_and_seeds_differ() -> None:
    first, second = (Spectral().recurrent(Draws.of([seed], [0]), 0, 100).numpy() for seed in (1, 2))
    scaled = first / first.std()
    assert abs(scaled.mean()) < 0.03
    assert (scaled**4).mean() == pytest.approx(3, abs=0.2)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03
