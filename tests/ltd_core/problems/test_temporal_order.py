"""Drawn sequences against the definition: Hochreiter and Schmidhuber 1997, task 6a; Pascanu et al. 2013."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from ltd_core.problems.temporal_order import TemporalOrder
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, sequences


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
    assert seen_first == {p for p in range(length) if length <= 10 * p < 2 * length}
    assert seen_second == {p for p in range(length) if 5 * length <= 10 * p < 6 * length}


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


def naive(random: np.random.Generator, length: int) -> tuple[list[int], int]:
    """Draw one sequence by the definition, symbol by symbol: 0 to 3 distract, 4 is A, 5 is B."""
    places = [
        int(random.choice([p for p in range(length) if low * length <= 10 * p < high * length]))
        for low, high in ((1, 2), (5, 6))
    ]
    symbols = [int(random.choice([4, 5] if p in places else [0, 1, 2, 3])) for p in range(length)]
    names = {(4, 4): 0, (4, 5): 1, (5, 4): 2, (5, 5): 3}
    return symbols, names[symbols[places[0]], symbols[places[1]]]


def test_sequences_are_distributed_together_as_a_naive_generators() -> None:
    """Both places with the class, then neighbors and next neighbors among the distractors, as counts of two samples."""
    random = np.random.default_rng(4)
    mine = [(inputs.argmax(1).tolist(), int(answer)) for inputs, answer in sequences(TemporalOrder(length=30), 1500)]
    theirs = [naive(random, 30) for _ in range(6000)]
    counts = []
    for sample in (mine, theirs):
        cells: Counter[object] = Counter()
        for symbols, answer in sample:
            cells[(*(p for p, s in enumerate(symbols) if s >= 4), answer)] += 1
            cells[symbols[0], symbols[1], "near"] += 1
            cells[symbols[20], symbols[22], "far"] += 1
        counts.append(cells)
    assert counts[0].keys() == counts[1].keys()
    assert len(counts[0]) == 3 * 3 * 4 + 2 * 16
    assert chi2_contingency([[c[cell] for cell in counts[0]] for c in counts]).pvalue > 1e-4


def test_sequences_of_one_minibatch_are_independent() -> None:
    pairs: Counter[tuple[int, int]] = Counter()
    drawn = [int(answer) for _, answer in sequences(TemporalOrder(length=20), 3000, 2)]
    pairs.update(zip(drawn[::2], drawn[1::2], strict=True))
    assert chisquare(list(pairs.values())).pvalue > 1e-4
    assert len(pairs) == 16


def test_places_follow_the_length_that_was_drawn() -> None:
    for inputs, _ in sequences(TemporalOrder(length=[10, 40]), 300):
        length, (first, second) = len(inputs), np.flatnonzero(inputs.argmax(1) >= 4)
        assert length <= 10 * first < 2 * length
        assert 5 * length <= 10 * second < 6 * length


def test_no_draw_is_used_twice() -> None:
    """Distractors, places and classes of a minibatch are uncorrelated, wherever they are."""
    found = list(sequences(TemporalOrder(length=30), 2500))
    symbols = np.array([inputs.argmax(1) for inputs, _ in found])
    places = np.array([np.flatnonzero(row >= 4) for row in symbols])
    classes = np.array([int(answer) for _, answer in found])
    distracting = np.delete(symbols, [3, 4, 5, 15, 16, 17], axis=1)
    assert distracting.max() == 3
    check_uncorrelated(np.column_stack([distracting, places, classes // 2, classes % 2]))


def test_lengths_are_drawn_from_the_range_for_each_minibatch() -> None:
    lengths = Counter(len(inputs) for inputs, _ in sequences(TemporalOrder(length=[20, 24]), 2000, 1))
    assert set(lengths) == {20, 21, 22, 23, 24}
    assert chisquare(list(lengths.values())).pvalue > 1e-4


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(TemporalOrder(length=[15, 30]))
