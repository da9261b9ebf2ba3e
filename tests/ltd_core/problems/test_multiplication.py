"""Drawn sequences against the definition: Hochreiter and Schmidhuber 1997, task 5, places as in the adding problem."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from ltd_core.problems.multiplication import Multiplication
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, sequences


@pytest.mark.parametrize("length", [10, 11, 25])
def test_every_sequence_is_one_of_the_definition(length: int) -> None:
    for inputs, answer in sequences(Multiplication(length=length), 200):
        values, markers = inputs.T
        first, second = np.flatnonzero(markers)
        assert set(markers) == {0.0, 1.0}
        assert first < length // 2 <= second < len(inputs) == length
        np.testing.assert_allclose(answer, [values[first] * values[second]], rtol=1e-15)


def naive(random: np.random.Generator, length: int) -> tuple[int, int, float]:
    """Draw the places and the answer of one sequence by the definition."""
    values = random.random(length)
    first, second = random.integers(0, length // 2), random.integers(length // 2, length)
    return int(first), int(second), float(values[first] * values[second])


def test_sequences_are_distributed_together_as_a_naive_generators() -> None:
    """Both places with the third that the answer lies in; then the answers alone."""
    random = np.random.default_rng(4)
    drawn = sequences(Multiplication(length=11), 2000)
    mine = [(*np.flatnonzero(inputs[:, 1]).tolist(), float(answer[0])) for inputs, answer in drawn]
    theirs = [naive(random, 11) for _ in range(8000)]
    counts = [Counter((a, b, int(answer >= 0.1) + int(answer >= 0.3)) for a, b, answer in s) for s in (mine, theirs)]
    assert counts[0].keys() == counts[1].keys()
    assert len(counts[0]) == 5 * 6 * 3
    assert chi2_contingency([[c[cell] for cell in counts[0]] for c in counts]).pvalue > 1e-4
    assert ks_2samp([s[2] for s in mine], [s[2] for s in theirs]).pvalue > 1e-4


def test_no_draw_is_used_twice() -> None:
    found = [inputs for inputs, _ in sequences(Multiplication(length=12), 2500)]
    places = [np.flatnonzero(inputs[:, 1]) for inputs in found]
    check_uncorrelated(np.column_stack([[inputs[:, 0] for inputs in found], places]))


def test_a_constant_answer_has_the_known_error() -> None:
    """science.md, identity 13: 7/144, at the mean 1/4."""
    answers = np.array([answer for _, answer in sequences(Multiplication(length=10), 5000)])
    assert ((answers - 0.25) ** 2).mean() == pytest.approx(7 / 144, rel=0.05)
    assert answers.mean() == pytest.approx(0.25, abs=0.01)


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(Multiplication(length=[15, 30]))
