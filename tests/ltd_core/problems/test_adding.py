"""Drawn sequences against the definition: Hochreiter and Schmidhuber 1997, task 4, in the form of Le et al. 2015."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from ltd_core.problems.adding import Adding
from tests.ltd_core.problems.harness import check_statelessness, sequences


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


@pytest.mark.parametrize(("target", "constant", "error"), [("sum", 1.0, 1 / 6), ("mean", 0.5, 1 / 24)])
def test_a_constant_answer_has_the_known_error(target: str, constant: float, error: float) -> None:
    """science.md, identity 13."""
    answers = np.array([answer for _, answer in sequences(Adding(length=10, target=target), 5000)])
    assert ((answers - constant) ** 2).mean() == pytest.approx(error, rel=0.05)


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(Adding(length=[15, 30]))
