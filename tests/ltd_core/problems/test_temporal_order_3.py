"""Drawn sequences against the definition: Hochreiter and Schmidhuber 1997, task 6b; places of Pascanu et al. 2013."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from ltd_core.problems.temporal_order_3 import TemporalOrder3
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, sequences

TENTHS = (1, 3, 6)


@pytest.mark.parametrize("length", [10, 11, 14, 15, 19, 20, 23, 57, 100])
def test_every_sequence_is_one_of_the_definition(length: int) -> None:
    names = {letters: place for place, letters in enumerate(product("AB", repeat=3))}
    seen: list[set[int]] = [set(), set(), set()]
    for inputs, target in sequences(TemporalOrder3(length=length), 200):
        assert inputs.shape == (length, 6)
        assert (inputs.sum(1) == 1).all()
        symbols = inputs.argmax(1)
        places = np.flatnonzero(symbols >= 4)
        assert len(places) == 3
        assert names[tuple("AB"[symbols[place] - 4] for place in places)] == target
        for found, place in zip(seen, places, strict=True):
            found.add(int(place))
    for tenth, found in zip(TENTHS, seen, strict=True):
        assert found == {p for p in range(length) if tenth * length <= 10 * p < (tenth + 1) * length}


def naive(random: np.random.Generator, length: int) -> tuple[list[int], int]:
    """Draw one sequence by the definition, symbol by symbol: 0 to 3 distract, 4 is A, 5 is B."""
    places = [int(random.choice([p for p in range(length) if n * length <= 10 * p < (n + 1) * length])) for n in TENTHS]
    symbols = [int(random.choice([4, 5] if p in places else [0, 1, 2, 3])) for p in range(length)]
    bits = "".join(str(symbols[place] - 4) for place in places)
    return symbols, int(bits, 2)


def test_sequences_are_distributed_together_as_a_naive_generators() -> None:
    """All places with the class, then neighbors among the distractors, as counts of two samples."""
    random = np.random.default_rng(4)
    mine = [(inputs.argmax(1).tolist(), int(answer)) for inputs, answer in sequences(TemporalOrder3(length=20), 1500)]
    theirs = [naive(random, 20) for _ in range(6000)]
    counts = []
    for sample in (mine, theirs):
        cells: Counter[object] = Counter()
        for symbols, answer in sample:
            cells[(*(p for p, s in enumerate(symbols) if s >= 4), answer)] += 1
            cells[symbols[0], symbols[1], "near"] += 1
        counts.append(cells)
    assert counts[0].keys() == counts[1].keys()
    assert len(counts[0]) == 2**3 * 8 + 16
    assert chi2_contingency([[c[cell] for cell in counts[0]] for c in counts]).pvalue > 1e-4


def test_guessing_is_wrong_seven_times_of_eight() -> None:
    classes = Counter(int(answer) for _, answer in sequences(TemporalOrder3(length=20), 2000))
    assert set(classes) == set(range(8))
    assert chisquare(list(classes.values())).pvalue > 1e-4


def test_no_draw_is_used_twice() -> None:
    found = list(sequences(TemporalOrder3(length=30), 2500))
    symbols = np.array([inputs.argmax(1) for inputs, _ in found])
    places = np.array([np.flatnonzero(row >= 4) for row in symbols])
    classes = np.array([int(answer) for _, answer in found])
    distracting = np.delete(symbols, [3, 4, 5, 9, 10, 11, 18, 19, 20], axis=1)
    assert distracting.max() == 3
    check_uncorrelated(np.column_stack([distracting, places, classes // 4, classes // 2 % 2, classes % 2]))


def test_places_follow_the_length_that_was_drawn() -> None:
    for inputs, _ in sequences(TemporalOrder3(length=[10, 40]), 300):
        length, places = len(inputs), np.flatnonzero(inputs.argmax(1) >= 4)
        assert [10 * place // length for place in places.tolist()] == list(TENTHS)


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(TemporalOrder3(length=[15, 30]))
