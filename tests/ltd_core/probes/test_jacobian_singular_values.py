from __future__ import annotations

import numpy as np
import pytest

from ltd_core.probes.jacobian_singular_values import JacobianSingularValues
from tests.ltd_core.probes.harness import ALL, MARKOV, broken, looks, observed, traced


@pytest.mark.parametrize("cell", list(MARKOV))
def test_they_are_those_of_autograd_averaged(cell: str) -> None:
    spec = observed(cell)
    found = traced(spec, "jacobian_singular_values")
    assert found.shape == (2, 10 if "lstm" in cell or "peephole" in cell else 5)
    for values, look in zip(found, looks(spec), strict=True):
        each = [np.linalg.svd(matrix, compute_uv=False) for row in look.jacobians for matrix in row]
        np.testing.assert_allclose(values, np.mean(each, axis=0), rtol=1e-9, atol=1e-13)


def test_a_linear_network_has_those_of_its_matrix() -> None:
    cell = {"kind": "rnn", "hidden_size": 5, "nonlinearity": "identity"}
    spec = observed("rnn", cell=cell)
    for values, look in zip(traced(spec, "jacobian_singular_values"), looks(spec), strict=True):
        matrix = look.weights["W"].detach().numpy()
        np.testing.assert_allclose(values, np.linalg.svd(matrix, compute_uv=False), rtol=1e-10)


def test_what_is_not_finite_has_none() -> None:
    assert JacobianSingularValues.measure(broken()).isnan().all()


def test_a_state_that_depends_on_more_than_the_last_has_no_trace() -> None:
    assert {name for name in ALL if JacobianSingularValues.applies(observed(name))} == set(MARKOV)
