"""Drawn sequences against the definition: Bengio, Simard and Frasconi 1994."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from ltd_core.problems.latch import Latch
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, refused, sequences


@pytest.mark.parametrize("shown", [1, 3, 9])
@pytest.mark.parametrize("length", [10, 30, [10, 15]])
def test_every_sequence_shows_its_class_first(shown: int, length: int | list[int]) -> None:
    lengths, classes = set(), set()
    for inputs, answer in sequences(Latch(length=length, shown=shown, noise=0.5), 150):
        assert inputs.shape[1] == 1
        sign = inputs[0, 0]
        assert (inputs[:shown] == sign).all()
        assert not np.isin(inputs[shown:], (-1.0, 1.0)).any()
        np.testing.assert_allclose(answer, [0.8 * sign], rtol=1e-15)
        lengths.add(len(inputs))
        classes.add(sign)
    assert classes == {-1.0, 1.0}
    assert lengths == ({length} if isinstance(length, int) else set(range(length[0], length[1] + 1)))


def test_noise_is_gaussian_and_independent_of_the_class() -> None:
    found = np.array([inputs[2:, 0] for inputs, _ in sequences(Latch(length=12, noise=0.3), 2500)])
    noise = found[:, 1:]
    assert kstest(noise.flatten() / 0.3, "norm").pvalue > 1e-4
    assert chisquare(np.bincount((found[:, 0] > 0).astype(int))).pvalue > 1e-4
    check_uncorrelated(found)


def test_without_noise_the_rest_is_zero() -> None:
    for inputs, _ in sequences(Latch(length=10, noise=0), 5):
        assert (inputs[3:] == 0).all()


def test_the_best_constant_has_the_known_error_and_the_sign_decides() -> None:
    problem = Latch(length=10)
    answers = np.array([answer[0] for _, answer in sequences(problem, 2000)])
    assert (answers**2).mean() == pytest.approx(0.64, rel=1e-12)
    for constant, share in ((0.0, 1.0), (1e-9, 0.5), (-1e-9, 0.5), (1.59, 0.5)):
        wrong = np.abs(answers - constant) >= problem.right_within
        assert wrong.mean() == pytest.approx(share, abs=0.05)


def test_settings_are_bounded() -> None:
    assert set(refused(kind="latch", noise=-0.1)) == {"noise"}
    assert set(refused(kind="latch", shown=10)) == {"shown"}


@pytest.mark.parametrize("length", [10, [15, 30]])
def test_nothing_depends_on_what_else_is_drawn(length: int | list[int]) -> None:
    check_statelessness(Latch(length=length))
