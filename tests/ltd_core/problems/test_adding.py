"""Drawn sequences against the definition: Hochreiter and Schmidhuber 1997, task 4, in the form of Le et al. 2015."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare, ks_2samp, kstest

from ltd_core.problems.adding import Adding
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, sequences


@pytest.mark.parametrize("target", ["sum", "mean"])
@pytest.mark.parametrize("length", [10, 11, 25])
def test_every_sequence_is_one_of_the_definition(length: int, target: str) -> None:
    for inputs, answer in sequences(Adding(length=length, target=target), 200):
        assert inputs.shape == (length, 2)
        values, markers = inputs.T
        places = np.flatnonzero(markers)
        assert set(markers) == {0.0, 1.0}
        assert len(places) == 2
        assert places[0] < length // 2 <= places[1]
        expected = values[places].sum() if target == "sum" else values[places].mean()
        np.testing.assert_allclose(answer, [expected], rtol=1e-15)


def test_values_and_places_are_uniform() -> None:
    values, first, second = [], Counter(), Counter()
    for inputs, _ in sequences(Adding(length=12), 1500):
        values.extend(inputs[:, 0])
        places = np.flatnonzero(inputs[:, 1])
        first[int(places[0])] += 1
        second[int(places[1])] += 1
    assert set(first) == set(range(6))
    assert set(second) == set(range(6, 12))
    assert chisquare(list(first.values())).pvalue > 1e-4
    assert chisquare(list(second.values())).pvalue > 1e-4
    assert kstest(values, "uniform").pvalue > 1e-4


def naive(random: np.random.Generator, length: int) -> tuple[np.ndarray, float]:
    """Draw one sequence by the definition: one marked number in each half, the sum is asked for."""
    values, markers = random.random(length), np.zeros(length)
    first, second = random.integers(0, length // 2), random.integers(length // 2, length)
    markers[[first, second]] = 1
    return np.stack([values, markers], 1), values[first] + values[second]


def test_sequences_are_distributed_together_as_a_naive_generators() -> None:
    """Both places with the quarter that the answer lies in; then the answers alone."""
    random = np.random.default_rng(4)
    mine = [(inputs, float(answer[0])) for inputs, answer in sequences(Adding(length=11), 2000)]
    theirs = [naive(random, 11) for _ in range(8000)]
    counts = [
        Counter((*np.flatnonzero(inputs[:, 1]).tolist(), int(answer // 0.5)) for inputs, answer in sample)
        for sample in (mine, theirs)
    ]
    assert counts[0].keys() == counts[1].keys()
    assert len(counts[0]) == 5 * 6 * 4
    assert chi2_contingency([[c[cell] for cell in counts[0]] for c in counts]).pvalue > 1e-4
    assert ks_2samp([answer for _, answer in mine], [answer for _, answer in theirs]).pvalue > 1e-4


def test_no_draw_is_used_twice() -> None:
    """Values and places of a minibatch are uncorrelated, wherever they are."""
    found = list(sequences(Adding(length=12), 2500))
    places = [np.flatnonzero(inputs[:, 1]) for inputs, _ in found]
    check_uncorrelated(np.column_stack([[inputs[:, 0] for inputs, _ in found], places]))


def test_places_follow_the_length_that_was_drawn() -> None:
    lengths = set()
    for inputs, answer in sequences(Adding(length=[10, 13]), 300):
        length, (first, second) = len(inputs), np.flatnonzero(inputs[:, 1])
        lengths.add(length)
        assert first < length // 2 <= second
        np.testing.assert_allclose(answer, [inputs[first, 0] + inputs[second, 0]], rtol=1e-15)
    assert lengths == {10, 11, 12, 13}


@pytest.mark.parametrize(("target", "constant", "error"), [("sum", 1.0, 1 / 6), ("mean", 0.5, 1 / 24)])
def test_a_constant_answer_has_the_known_error(target: str, constant: float, error: float) -> None:
    """science.md, identity 13."""
    answers = np.array([answer for _, answer in sequences(Adding(length=10, target=target), 5000)])
    assert ((answers - constant) ** 2).mean() == pytest.approx(error, rel=0.05)


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(Adding(length=[15, 30]))
