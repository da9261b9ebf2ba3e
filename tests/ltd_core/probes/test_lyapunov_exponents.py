from __future__ import annotations

import numpy as np
import pytest

from ltd_core.probes.lyapunov_exponents import LyapunovExponents
from tests.ltd_core.probes.harness import ALL, MARKOV, Array, broken, looks, observed, traced


def by_gram_schmidt(jacobians: Array) -> Array:
    """Return the exponents of one sequence: follow a frame of vectors, orthogonalized one by one at every step."""
    size = jacobians.shape[-1]
    frame, growth = [np.eye(size)[i] for i in range(size)], np.zeros(size)
    for jacobian in jacobians:
        moved = [jacobian @ vector for vector in frame]
        for i in range(size):
            for j in range(2 * i):  # twice is enough
                moved[i] = moved[i] - (moved[j % i] @ moved[i]) * moved[j % i]
            length = np.linalg.norm(moved[i])
            growth[i] += np.log(length)
            moved[i] = moved[i] / length
        frame = moved
    return growth / len(jacobians)


@pytest.mark.parametrize("cell", ["rnn", "leaky clockwork", "gru", "mgu", "lstm"])
def test_they_are_those_of_gram_schmidt(cell: str) -> None:
    spec = observed(cell)
    for values, look in zip(traced(spec, "lyapunov_exponents"), looks(spec), strict=True):
        each = [by_gram_schmidt(look.jacobians[:, sequence]) for sequence in range(3)]
        np.testing.assert_allclose(values, np.sort(np.mean(each, axis=0))[::-1], rtol=1e-6, atol=1e-9)
        volumes = np.log(np.abs(np.linalg.det(look.jacobians))).mean()
        assert values.sum() == pytest.approx(volumes, rel=1e-9)


def test_a_linear_network_has_the_logarithms_of_its_eigenvalues() -> None:
    """An orthogonal matrix, scaled, has all exponents at the logarithm of the scale."""
    spec = observed(
        "rnn",
        cell={"kind": "rnn", "hidden_size": 5, "nonlinearity": "identity"},
        initialization={"kind": "orthogonal", "gain": 0.8},
        optimizer={"kind": "sgd", "lr": 1e-300},
    )
    np.testing.assert_allclose(traced(spec, "lyapunov_exponents"), np.log(0.8), rtol=1e-10)


def test_what_vanishes_at_once_has_a_finite_exponent_and_what_is_not_finite_none() -> None:
    dead = observed(
        "rnn", initialization={"kind": "identity", "scale": 1e-300}, optimizer={"kind": "sgd", "lr": 1e-300}
    )
    found = traced(dead, "lyapunov_exponents")
    assert np.isfinite(found).all()
    assert (found < -600).all()
    assert LyapunovExponents.measure(broken()).isnan().all()


def test_a_state_that_depends_on_more_than_the_last_has_no_trace() -> None:
    assert {name for name in ALL if LyapunovExponents.applies(observed(name))} == set(MARKOV)
