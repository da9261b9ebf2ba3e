"""Biases that remember for times up to a longest one."""

from __future__ import annotations

import math

import pytest
from pydantic import TypeAdapter, ValidationError
from scipy.stats import kstest

from ltd_core.cells.chrono import Chrono, chrono_bias
from ltd_core.lazy import torch
from ltd_core.randomness import Draws


@pytest.mark.parametrize("longest", [3, 50, 1_000_000])
def test_a_bias_is_the_logarithm_of_a_uniform_time(longest: int) -> None:
    biases = chrono_bias(Draws.of([7], [0]), 2, 2000, longest)
    assert biases.dtype == torch.float64
    assert 0 <= float(biases.min()) <= float(biases.max()) < math.log(longest - 1)
    assert kstest(biases.exp().numpy(), "uniform", args=(1, longest - 2)).pvalue > 1e-3


def test_biases_differ_by_draw() -> None:
    draws = Draws.of([7], [0])
    assert not torch.equal(chrono_bias(draws, 2, 9, 50), chrono_bias(draws, 3, 9, 50))


def test_a_longest_time_is_none_or_leaves_room_for_a_choice() -> None:
    times = TypeAdapter(Chrono)
    assert [times.validate_python(value) for value in (0, 3, 4.0)] == [0, 3, 4]
    for value in (1, 2, -1, 1_000_001):
        with pytest.raises(ValidationError):
            times.validate_python(value)
