from __future__ import annotations

import numpy as np
import pytest

from ltd_core.initializations.spectral import Spectral
from ltd_core.randomness import Draws


@pytest.mark.parametrize("radius", [0.1, 0.95, 3.0])
@pytest.mark.parametrize("hidden_size", [1, 2, 50])
def test_the_radius_is_exact(radius: float, hidden_size: int) -> None:
    weights = Spectral(radius=radius).recurrent(Draws.of([7], [0]), 0, hidden_size).numpy()
    assert weights.shape == (hidden_size, hidden_size)
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(radius, rel=1e-10)


def test_entries_are_gaussian_and_seeds_differ() -> None:
    first, second = (Spectral().recurrent(Draws.of([seed], [0]), 0, 100).numpy() for seed in (1, 2))
    scaled = first / first.std()
    assert abs(scaled.mean()) < 0.03
    assert (scaled**4).mean() == pytest.approx(3, abs=0.2)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03


def test_input_and_output_gains() -> None:
    draws = Draws.of([3], [0])
    weights = Spectral(input_gain=2.0).weight(draws, 1, (400, 300), 2.0).numpy()
    assert weights.std() == pytest.approx(2.0 / 20, rel=0.01)
