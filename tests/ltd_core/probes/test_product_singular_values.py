from __future__ import annotations

import numpy as np
import pytest

from ltd_core.probes.product_singular_values import ProductSingularValues
from tests.ltd_core.probes.harness import ALL, broken, looks, observed, traced


@pytest.mark.parametrize("cell", list(ALL))
def test_they_are_those_of_autograds_way_back(cell: str) -> None:
    spec = observed(cell)
    for values, look in zip(traced(spec, "product_singular_values"), looks(spec), strict=True):
        expected = np.mean([np.linalg.svd(matrix, compute_uv=False) for matrix in look.memory[-1]], axis=0)
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("cell", ["rnn", "leaky clockwork", "gru"])
def test_of_one_state_it_is_the_product_of_all_jacobians(cell: str) -> None:
    spec = observed(cell)
    for values, look in zip(traced(spec, "product_singular_values"), looks(spec), strict=True):
        products = []
        for sequence in range(3):
            product = np.eye(5)
            for jacobian in look.jacobians[1:, sequence]:
                product = jacobian @ product
            products.append(np.linalg.svd(product, compute_uv=False))
        np.testing.assert_allclose(values, np.mean(products, axis=0), rtol=1e-7, atol=1e-13)


def test_what_is_not_finite_has_none() -> None:
    assert ProductSingularValues.measure(broken()).isnan().all()
