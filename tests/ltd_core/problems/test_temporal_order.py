"""Drawn sequences against the definition: Hochreiter and Schmidhuber 1997, task 6a; Pascanu et al. 2013."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from ltd_core.problems.temporal_order import TemporalOrder
from tests.ltd_core.problems.harness import check_statelessness, sequences


@pytest.mark.parametrize("length", [10, 11, 14, 15, 19, 20, 23, 57, 100])
def test_every_sequence_is_one_of_the_definition(length: int) -> None:
    seen_first, seen_second = set(), set()
    for inputs, target in sequences(TemporalOrder(length=length), 200):
        assert inputs.shape == (length, 6)
        assert (inputs.sum(1) == 1).all()
        symbols = inputs.argmax(1)
        places = np.flatnonzero(symbols >= 4)
        assert len(places) == 2
        seen_first.add(int(places[0]))
        seen_second.add(int(places[1]))
        assert target == 2 * (symbols[places[0]] == 5) + (symbols[places[1]] == 5)
    assert seen_first <= {p for p in range(length) if length <= 10 * p < 2 * length}
    assert seen_second <= {p for p in range(length) if 5 * length <= 10 * p < 6 * length}


def test_places_symbols_and_classes_are_uniform() -> None:
    first, second, symbols, classes = Counter(), Counter(), Counter(), Counter()
    for inputs, target in sequences(TemporalOrder(length=50), 2000):
        drawn = inputs.argmax(1)
        places = np.flatnonzero(drawn >= 4)
        first[int(places[0])] += 1
        second[int(places[1])] += 1
        symbols.update(int(s) for s in drawn if s < 4)
        classes[int(target)] += 1
    assert set(first) == set(range(5, 10))
    assert set(second) == set(range(25, 30))
    for counts in (first, second, symbols, classes):
        assert chisquare(list(counts.values())).pvalue > 1e-4


def test_lengths_are_drawn_from_the_range_for_each_minibatch() -> None:
    lengths = Counter(len(inputs) for inputs, _ in sequences(TemporalOrder(length=[20, 24]), 2000, 1))
    assert set(lengths) == {20, 21, 22, 23, 24}
    assert chisquare(list(lengths.values())).pvalue > 1e-4


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(TemporalOrder(length=[15, 30]))
