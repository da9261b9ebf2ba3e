from __future__ import annotations

import numpy as np
import pytest

from ltd_core.lazy import torch
from ltd_core.probes.singular_values import mean_singular_values


def found(*matrices: list[list[float]]) -> list[float]:
    values: list[float] = mean_singular_values(torch.tensor(matrices, dtype=torch.float64)).tolist()
    return values


def test_they_are_means_of_each() -> None:
    assert found([[2.0, 0.0], [0.0, 1.0]], [[0.0, 4.0], [3.0, 0.0]]) == pytest.approx([3.0, 2.0], rel=1e-14)


def test_rows_and_columns_of_zeros_leave_exact_zeros() -> None:
    dead = [[1.0, 2.0, 4.0], [0.0, 0.0, 0.0], [5.0, 7.0, 9.0]]
    values = found(dead)
    assert values[2] == 0.0
    assert values[:2] == pytest.approx(np.linalg.svd(np.array(dead), compute_uv=False)[:2], rel=1e-13)
    assert found([[1.0, 0.0], [2.0, 0.0]]) == pytest.approx([5**0.5, 0.0], rel=1e-14)
    assert found([[0.0, 0.0], [0.0, 0.0]]) == [0.0, 0.0]


def test_what_only_rounding_tells_is_none() -> None:
    """A singular matrix without a zero, and one whose second value is far below the first one's rounding."""
    singular = found([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    assert np.isfinite(singular[:2]).all()
    assert np.isnan(singular[2])
    assert np.isnan(found([[1.0, 1.0], [1e-20, 3e-20]])[1])
    assert found([[1.0, 1.0], [1.0, 1.0 + 1e-12]])[1] == pytest.approx(5e-13, rel=1e-3)


def test_what_is_not_finite_has_none() -> None:
    assert np.isnan(found([[1.0, np.inf], [1.0, 1.0]])).all()
