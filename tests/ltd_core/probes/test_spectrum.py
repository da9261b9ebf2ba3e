from __future__ import annotations

import numpy as np
import pytest

from ltd_core.probes.spectrum import Spectrum
from tests.ltd_core.probes.harness import ALL, Array, broken, looks, observed, traced

CANDIDATES = {"lstm": 2, "coupled peephole": 1, "lstm layers with skips": 2}
"""Where a gated cell's candidate is, if not first."""


def ordered(values: Array) -> Array:
    return values[np.lexsort((values.imag, -np.abs(values).round(9)))]


@pytest.mark.parametrize("cell", list(ALL))
def test_eigenvalues_are_numpys(cell: str) -> None:
    spec = observed(cell)
    found = traced(spec, "spectrum")
    assert found.shape == (2, 5, 2)
    for values, look in zip(found, looks(spec), strict=True):
        place = 5 * CANDIDATES.get(cell, 0)
        matrix = look.weights["W"].detach().numpy()[:5, place : place + 5]
        mine = values[:, 0] + 1j * values[:, 1]
        np.testing.assert_allclose(ordered(mine), ordered(np.linalg.eigvals(matrix)), rtol=1e-9)
        assert (np.diff(np.abs(mine)) < 1e-12).all()


def test_a_matrix_that_is_not_finite_has_none() -> None:
    assert Spectrum.measure(broken()).shape == (3, 2)
    assert Spectrum.measure(broken()).isnan().all()
