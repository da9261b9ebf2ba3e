from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from ltd_core.lazy import torch
from ltd_core.probes import Observed
from ltd_core.probes.lyapunov_exponents import LyapunovExponents
from tests.ltd_core.probes.harness import ALL, MARKOV, Array, broken, looks, observed, traced

Rational = list[list[Fraction]]


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


def exactly(jacobians: Array) -> list[float]:
    """Return the exponents of one sequence in rational arithmetic, largest first: of the product's columns.

    The frame's k-th length is the distance of column k from the span of those before it, zero where it lies in it.
    """
    size = jacobians.shape[-1]
    product: Rational = [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
    for jacobian in jacobians.tolist():
        rows = [[Fraction(number) for number in row] for row in jacobian]
        product = [
            [
                sum((a * b for a, b in zip(row, column, strict=True)), Fraction())
                for column in zip(*product, strict=True)
            ]
            for row in rows
        ]
    basis: Rational = []
    lengths = []
    for column in zip(*product, strict=True):
        left = list(column)
        for known in basis:
            share = _dot(known, left) / _dot(known, known)
            left = [a - share * b for a, b in zip(left, known, strict=True)]
        square = _dot(left, left)
        if square:
            basis.append(left)
            lengths.append((math.log(square.numerator) - math.log(square.denominator)) / 2)
    return sorted(lengths, reverse=True) + [-math.inf] * (size - len(basis))


def _dot(first: list[Fraction], second: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction())


def shown(jacobians: Array) -> Observed:
    """Return what a run shows with these Jacobians, [T, B, H, H]."""
    made, nothing = torch.from_numpy(np.array(jacobians, np.float64)), torch.zeros(0)
    return Observed(nothing, nothing, (), made, nothing, len(made))


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(4))
def test_directions_that_dead_relu_units_end_are_told_as_minus_infinity(dtype: str, seed: int) -> None:
    cell = {"kind": "rnn", "nonlinearity": "relu", "hidden_size": 5}
    spec = observed("rnn", cell=cell, dtype=dtype, seed=seed, problem={"kind": "temporal_order", "length": 12})
    dead = 0
    for values, look in zip(traced(spec, "lyapunov_exponents"), looks(spec), strict=True):
        each = [np.array(exactly(look.jacobians[:, sequence])) / 12 for sequence in range(3)]
        alive = [int(np.isfinite(one).sum()) for one in each]
        assert np.isfinite(values).sum() == min(alive)
        dead += 5 - min(alive)
        if len(set(alive)) == 1:  # each sequence alone is sorted here, their mean there
            total = np.mean([one[: alive[0]].sum() for one in each])
            assert values[: alive[0]].sum() == pytest.approx(total, rel=1e-5 if dtype == "float32" else 1e-10)
    assert dead > 0


DOUBLED = [[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]]
SINGULAR: dict[str, list[list[list[float]]]] = {
    "a first axis that ends": [[[0.0, 1.0], [0.0, 0.0]]],
    "an axis that ends between others": [[[2.0, 4.0, 1.0], [1.0, 2.0, 3.0], [5.0, 10.0, 1.0]]],
    "twice the same singular matrix": [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]] * 3,
    "a kernel that a later step finds": [
        [[1.0, 2.0, 0.0], [3.0, 4.0, 1.0], [0.0, 1.0, 7.0]],
        DOUBLED,
        [[1.0, 1.0, 5.0], [2.0, 3.0, 7.0], [1.0, 9.0, 2.0]],
        [[1.0, -1.0, 0.0], [2.0, -2.0, 0.0], [4.0, 0.0, 1.0]],
    ],
    "a rotated axis that comes first and ends": [
        [[3.0, -4.0], [4.0, 3.0]],
        [[3.0, 4.0], [-4.0, 3.0]],
        [[0.0, 0.0], [0.0, 7.0]],
    ],
    "nilpotent": [[[0.0, 1.0, 5.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]] * 3,
    "rows of far apart sizes": [[[1e-20, 3e-20, 1e-20], [2.0, 1.0, 4.0], [5e-30, 1e-30, 7e-30]]] * 2,
    "beyond the range of a product": [[[1e-200, 3e-200], [2e-200, 1e-200]]] * 5,
    "of the largest numbers": [[[1e308, 3e307], [1e308, 1e308]]] * 3,
    "of the smallest numbers": [[[5e-320, 1.5e-319], [1e-319, 5e-320]]] * 3,
    "zero": [[[0.0, 0.0], [0.0, 0.0]]],
}


@pytest.mark.parametrize("kind", list(SINGULAR))
def test_ranks_and_rates_are_those_of_rational_arithmetic(kind: str) -> None:
    jacobians = np.array(SINGULAR[kind])
    expected = np.array(exactly(jacobians)) / len(jacobians)
    found = LyapunovExponents.measure(shown(np.repeat(jacobians[:, None], 2, 1))).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_random_products_of_a_lower_rank_have_it() -> None:
    """Whole numbers, some rows zero as those of dead units and some matrices of two factors: ranks are exact."""
    draws = np.random.default_rng(5)
    for _ in range(200):
        size, steps = int(draws.integers(1, 7)), int(draws.integers(1, 6))
        jacobians = draws.integers(-4, 5, (steps, 1, size, size)).astype(float)
        jacobians *= draws.random((steps, 1, size, 1)) < 0.8
        if size > 2:
            inner = int(draws.integers(1, size))
            jacobians[0, 0] = draws.integers(-3, 4, (size, inner)) @ draws.integers(-3, 4, (inner, size))
        expected = np.array(exactly(jacobians[:, 0])) / steps
        found = LyapunovExponents.measure(shown(jacobians)).numpy()
        np.testing.assert_array_equal(np.isneginf(found), np.isneginf(expected), err_msg=repr(jacobians.tolist()))
        alive = np.isfinite(expected)
        np.testing.assert_allclose(found[alive], expected[alive], atol=1e-9)


def test_where_nothing_ends_no_bit_of_the_plain_decomposition_changes() -> None:
    draws = np.random.default_rng(6)
    jacobians = torch.from_numpy(draws.normal(size=(40, 3, 8, 8)) / 8**0.5)
    basis, growth = torch.eye(8, dtype=torch.float64).expand(3, 8, 8), torch.zeros(3, 8, dtype=torch.float64)
    for jacobian in jacobians:
        basis, stretch = torch.linalg.qr(jacobian @ basis)
        growth = growth + stretch.diagonal(dim1=-2, dim2=-1).abs().log()
    plain = (growth / 40).mean(0).sort(descending=True)[0]
    np.testing.assert_allclose(LyapunovExponents.measure(shown(jacobians.numpy())), plain, rtol=1e-13, atol=1e-15)


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
