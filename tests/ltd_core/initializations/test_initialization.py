"""What every initialization has: scaled Gaussian weights, a spectral radius, draws that are its own."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.initializations import INITIALIZATIONS
from ltd_core.initializations.initialization import of_radius
from ltd_core.lazy import torch
from ltd_core.randomness import Draws

each = pytest.mark.parametrize("kind", list(INITIALIZATIONS))


@each
def test_a_recurrent_matrix_is_finite_and_the_draws_own(kind: str) -> None:
    initialization = INITIALIZATIONS[kind].model_validate({"kind": kind})
    one, again = (initialization.recurrent(Draws.of([7], [0]), 3, 12) for _ in range(2))
    assert one.shape == (12, 12)
    assert one.dtype == torch.float64
    assert torch.isfinite(one).all()
    assert torch.equal(one, again)


@pytest.mark.parametrize(("shape", "gain"), [((400, 30), 1.0), ((9, 1000), 0.25)])
def test_a_weight_is_normal_with_its_gain(shape: tuple[int, int], gain: float) -> None:
    made = INITIALIZATIONS["gaussian"].model_validate({"kind": "gaussian"}).weight(Draws.of([7], [0]), 1, shape, gain)
    assert made.shape == shape
    scale, count = gain / shape[0] ** 0.5, shape[0] * shape[1]
    assert abs(float(made.mean())) < 4.5 * scale / count**0.5
    assert abs(float(made.var()) / scale**2 - 1) < 4.5 * (2 / count) ** 0.5


def test_a_matrix_is_scaled_to_its_radius() -> None:
    matrix = torch.randn(7, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made = of_radius(matrix, 0.5).numpy()
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(made)).max(), 0.5, rtol=1e-12)
    ratio = made / matrix.numpy()
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-12)
