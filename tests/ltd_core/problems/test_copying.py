"""Drawn sequences against the definition: Arjovsky, Shah and Bengio 2016, section 4.1."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from ltd_core.lazy import torch
from ltd_core.problems.copying import Copying
from tests.ltd_core.problems.harness import check_statelessness, check_uncorrelated, refused, sequences

BLANK, DELIMITER = 8, 9


def naive(pattern: list[int], delay: int) -> tuple[list[int], list[int]]:
    """Return the symbols that are shown and asked for, as the paper counts them."""
    shown = [*pattern, *[BLANK] * (delay - 1), DELIMITER, *[BLANK] * 10]
    return shown, [BLANK] * (delay + 10) + pattern


@pytest.mark.parametrize("delay", [1, 2, 10, 33])
def test_every_sequence_is_one_of_the_definition(delay: int) -> None:
    for inputs, targets in sequences(Copying(length=delay), 100):
        assert inputs.shape == (delay + 20, 10)
        assert (inputs.sum(1) == 1).all()
        shown = inputs.argmax(1).tolist()
        assert max(shown[:10]) < 8
        assert (shown, targets.tolist()) == naive(shown[:10], delay)


def test_symbols_are_uniform_and_independent() -> None:
    patterns = np.array([targets[-10:] for _, targets in sequences(Copying(length=1), 2500)])
    assert chisquare(np.bincount(patterns.flatten(), minlength=8)).pvalue > 1e-4
    pairs = Counter(zip(patterns[:, 0].tolist(), patterns[:, 1].tolist(), strict=True))
    assert len(pairs) == 64
    assert chisquare(list(pairs.values())).pvalue > 1e-4
    check_uncorrelated(patterns)


@pytest.mark.parametrize(("delay", "loss"), [(100, 0.1733), (200, 0.0945)])
def test_without_memory_the_loss_is_the_published_plateau(delay: int, loss: float) -> None:
    """science.md, identity 13: 10 ln 8 / (T + 20); blank where it is asked for, any of eight where symbols are."""
    targets = torch.tensor(np.array([targets for _, targets in sequences(Copying(length=delay), 20)]))
    outputs = torch.full((*targets.shape, 9), -math.inf, dtype=torch.float64)
    outputs[:, :-10, BLANK] = 0.0
    outputs[:, -10:, :BLANK] = 0.0
    found = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten()).item()
    assert found == pytest.approx(10 * math.log(8) / (delay + 20), rel=1e-12)
    assert found == pytest.approx(loss, abs=5e-5)


def test_every_step_is_answered_and_the_copy_is_scored() -> None:
    problem = Copying(length=30)
    assert (problem.longest, problem.shortest, problem.answers, problem.scored) == (50, 50, 50, 10)


def test_a_range_of_delays_is_refused() -> None:
    assert "one length" in refused(kind="copying", length=[10, 20])["length"]
    assert "greater than or equal to 1" in refused(kind="copying", length=0)["length"]


def test_nothing_depends_on_what_else_is_drawn() -> None:
    check_statelessness(Copying(length=15))
