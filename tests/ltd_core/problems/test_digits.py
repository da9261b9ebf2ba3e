"""Drawn sequences against scikit-learn's own images."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.datasets import load_digits

from ltd_core.errors import InvalidSpec
from ltd_core.problems.digits import Digits
from ltd_core.spec import parse_spec
from tests.ltd_core.problems.harness import check_statelessness, refused, sequences

IMAGES, DIGITS = load_digits(return_X_y=True)
PLACES = {image.tobytes(): place for place, image in enumerate(IMAGES / 16)}
LAST_TRAINED = 1437


def places(problem: Digits, count: int, *, fresh: bool) -> list[int]:
    """Return which images were drawn; each stands there as it is in the data set, with its digit."""
    found = []
    for inputs, target in sequences(problem, count, fresh=fresh):
        assert inputs.shape == (problem.length, 64 // problem.length)
        place = PLACES[inputs.flatten().tobytes()]
        assert target == DIGITS[place]
        found.append(place)
    return found


@pytest.mark.parametrize("length", [8, 16, 32, 64])
def test_images_are_shown_row_by_row_and_some_are_held_out(length: int) -> None:
    assert len(PLACES) == 1797
    assert max(places(Digits(length=length), 100, fresh=False)) < LAST_TRAINED
    assert min(places(Digits(length=length), 100, fresh=True)) >= LAST_TRAINED


def test_all_images_are_drawn_and_none_more_often() -> None:
    trained, held_out = (Counter(places(Digits(), 5000, fresh=fresh)) for fresh in (False, True))
    assert set(trained) == set(range(LAST_TRAINED))
    assert set(held_out) == set(range(LAST_TRAINED, 1797))
    assert chisquare(list(trained.values())).pvalue > 1e-4
    assert chisquare(list(held_out.values())).pvalue > 1e-4


def test_both_parts_hold_every_digit_about_as_often() -> None:
    for part in (DIGITS[:LAST_TRAINED], DIGITS[LAST_TRAINED:]):
        assert np.abs(np.bincount(part) / len(part) - 0.1).max() < 0.01


def test_permuted_pixels_are_in_one_order() -> None:
    orders = []
    for seed in (0, 1):
        rows, permuted = (
            np.array([inputs[:, 0] for inputs, _ in sequences(Digits(order=order, permutation_seed=seed), 60)])
            for order in ("rows", "permuted")
        )
        order = [np.flatnonzero((rows == column[:, None]).all(0)) for column in permuted.T]
        assert all(len(found) >= 1 for found in order)
        assert sorted(permuted.flatten()) == sorted(rows.flatten())
        assert (permuted != rows).mean() > 0.3
        orders.append(tuple(int(found[0]) for found in order))
    assert orders[0] != orders[1]


def test_no_other_length_has_a_meaning() -> None:
    for length in (10, [8, 64], True, "64", 0):
        assert "a pixel a step" in refused(kind="digits", length=length)["length"]
    assert Digits(length=64.0).length == 64


def test_without_scikit_learn_it_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = parse_spec({"problem": {"kind": "digits"}})
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "pip install 'ltd-lab[digits]'" in refused(kind="digits")["kind"]
    assert parse_spec(stored.full(), stored=True).digest == stored.digest  # what was accepted can still be read
    assert Digits.example() == {
        "kind": "digits",
        "length": 64,
        "order": "rows",
        "permutation_seed": 0,
    }
    with pytest.raises(InvalidSpec):
        parse_spec(stored.full())


def test_a_specification_loads_no_scikit_learn() -> None:
    code = (
        "import sys; from ltd_core.spec import parse_spec; parse_spec({'problem': {'kind': 'digits'}}).full(); "
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("order", ["rows", "permuted"])
@pytest.mark.parametrize("fresh", [False, True])
def test_nothing_depends_on_what_else_is_drawn(order: str, fresh: bool) -> None:
    check_statelessness(Digits(order=order), fresh=fresh)
