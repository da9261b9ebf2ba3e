"""Drawn sequences against the definition: Martens and Sutskever 2011, steps as in Pascanu et al. 2013."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from ltd_core.problems.memorization import Memorization
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, refused, sequences

SIZES = {"5_bits": (5, 2), "20_bits": (10, 5)}


def naive(pattern: list[int], length: int, kinds: int) -> list[int]:
    """Return the symbols of a sequence: pattern, blanks, cue, blanks."""
    steps = len(pattern)
    blank, cue = kinds, kinds + 1
    return [*pattern, *[blank] * (length - 2 * steps), cue, *[blank] * (steps - 1)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("length", [20, 21, 50, [20, 24]])
def test_every_sequence_is_one_of_the_definition(size: str, length: int | list[int]) -> None:
    steps, kinds = SIZES[size]
    lengths = set()
    for inputs, targets in sequences(Memorization(length=length, size=size), 100):
        assert inputs.shape[1] == kinds + 2
        assert (inputs.sum(1) == 1).all()
        assert len(targets) == steps
        assert set(targets.tolist()) <= set(range(kinds))
        assert inputs.argmax(1).tolist() == naive(targets.tolist(), len(inputs), kinds)
        lengths.add(len(inputs))
    assert lengths == ({length} if isinstance(length, int) else set(range(length[0], length[1] + 1)))


def test_all_patterns_are_as_frequent() -> None:
    """Guessing is right half of the time, and its loss ln 2."""
    drawn = Counter(tuple(targets.tolist()) for _, targets in sequences(Memorization(length=10), 1600))
    assert len(drawn) == 32
    assert chisquare(list(drawn.values())).pvalue > 1e-4


def test_symbols_are_uniform_and_independent() -> None:
    patterns = np.array([targets for _, targets in sequences(Memorization(length=20, size="20_bits"), 2500)])
    assert chisquare(np.bincount(patterns.flatten(), minlength=5)).pvalue > 1e-4
    check_uncorrelated(patterns)


def test_what_is_answered_is_the_pattern_alone() -> None:
    for size, (steps, kinds) in SIZES.items():
        problem = Memorization(size=size)
        assert (problem.answers, problem.scored, problem.output_size) == (steps, steps, kinds)


def test_a_pattern_must_be_shown_before_it_is_asked_for() -> None:
    assert "at least 20" in refused(kind="memorization", size="20_bits", length=[19, 30])["length"]
    assert Memorization(length=10).answers == 5


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(Memorization(length=[20, 30], size="20_bits"))
