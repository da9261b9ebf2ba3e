"""Drawn sequences against the definition: Martens and Sutskever 2011, symbols as in Pascanu et al. 2013."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency, chisquare

from ltd_core.problems.permutation import Permutation
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, refused, sequences


@pytest.mark.parametrize("symbols", [3, 7, 100])
@pytest.mark.parametrize("length", [10, 30, [10, 15]])
def test_every_sequence_is_one_of_the_definition(symbols: int, length: int | list[int]) -> None:
    lengths, seen = set(), set()
    for inputs, target in sequences(Permutation(length=length, symbols=symbols), 150):
        assert inputs.shape[1] == symbols
        assert (inputs.sum(1) == 1).all()
        first, *others = inputs.argmax(1).tolist()
        assert first == target
        assert min(others) >= 2
        lengths.add(len(inputs))
        seen |= {first, *others}
    assert seen == set(range(symbols))
    assert lengths == ({length} if isinstance(length, int) else set(range(length[0], length[1] + 1)))


def naive(random: np.random.Generator, length: int, symbols: int) -> list[int]:
    """Draw one sequence, symbol by symbol."""
    return [int(random.integers(2)), *(int(random.integers(2, symbols)) for _ in range(length - 1))]


def test_sequences_are_distributed_together_as_a_naive_generators() -> None:
    """The first symbol with two others, as counts of two samples."""
    random = np.random.default_rng(4)
    mine = [inputs.argmax(1).tolist() for inputs, _ in sequences(Permutation(length=12, symbols=7), 1500)]
    theirs = [naive(random, 12, 7) for _ in range(6000)]
    counts = [Counter((s[0], s[1], s[-1]) for s in sample) for sample in (mine, theirs)]
    assert counts[0].keys() == counts[1].keys()
    assert len(counts[0]) == 2 * 5 * 5
    assert chi2_contingency([[c[cell] for cell in counts[0]] for c in counts]).pvalue > 1e-4


def test_symbols_are_uniform_and_independent() -> None:
    drawn = np.array([inputs.argmax(1) for inputs, _ in sequences(Permutation(length=12, symbols=9), 2500)])
    assert chisquare(np.bincount(drawn[:, 0], minlength=2)).pvalue > 1e-4
    assert chisquare(np.bincount(drawn[:, 1:].flatten(), minlength=9)[2:]).pvalue > 1e-4
    check_uncorrelated(drawn)


def test_the_number_of_symbols_is_bounded() -> None:
    assert "greater than or equal to 3" in refused(kind="permutation", symbols=2)["symbols"]


def test_inputs_must_fit_the_memory_also_those_of_an_evaluation() -> None:
    """100 sequences are evaluated together, whatever the batch size."""
    reason = "length x sequences (100) x inputs must be at most 100,000,000, not 1,000,000,000: make one smaller"
    assert refused(kind="permutation", symbols=1000, length=10_000) == {"specification": reason}


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(Permutation(length=[15, 30]))
