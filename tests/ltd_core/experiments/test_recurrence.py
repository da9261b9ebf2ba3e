"""Steps of a bare recurrence whose size is kept as a logarithm: those of plain numbers, and far beyond their range."""

from __future__ import annotations

import math

import pytest

from ltd_core.experiments.recurrence import (
    advance,
    apply,
    draws_of,
    exponential,
    finite,
    pulled_back,
    rescaled,
    unit_vector,
)
from ltd_core.lazy import torch

FUNCTIONS = ("tanh", "relu", "identity")
each = pytest.mark.parametrize("function", FUNCTIONS)
GENERATOR = torch.Generator().manual_seed(0)
MATRIX, FIRST, ENTERING = (
    torch.randn(*size, generator=GENERATOR, dtype=torch.float64) for size in ((4, 4), (1, 4), (1, 4))
)


def split(state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return rescaled(state, torch.zeros(1, 1, dtype=torch.float64))


@each
@pytest.mark.parametrize("entering", [None, ENTERING], ids=["alone", "driven"])
@pytest.mark.parametrize("size", [1e-12, 1.0, 30.0])
def test_a_step_is_that_of_plain_numbers(function: str, entering: torch.Tensor | None, size: float) -> None:
    plain = FIRST * size
    state, log_size = split(plain)
    for _ in range(5):
        plain = apply(function, plain @ MATRIX + (0 if entering is None else entering))
        state, log_size, _ = advance(function, state, log_size, MATRIX, entering)
        torch.testing.assert_close(state * log_size.exp(), plain, rtol=1e-11, atol=1e-24)


def test_a_number_that_no_float_holds_is_told_as_none_and_zero_as_zero() -> None:
    logs = torch.tensor([-math.inf, -800.0, -700.0, 0.0, 700.0, 800.0, math.nan], dtype=torch.float64)
    assert [repr(value) for value in exponential(logs).tolist()] == [
        repr(value) for value in (0.0, math.nan, math.exp(-700), 1.0, math.exp(700), math.nan, math.nan)
    ]


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_a_step_never_leaves_the_range(factor: float) -> None:
    state, log_size = split(torch.ones(1, 4, dtype=torch.float64))
    for _ in range(1000):
        state, log_size, _ = advance("identity", state, log_size, factor * torch.eye(4, dtype=torch.float64))
    assert float(log_size) == pytest.approx(math.log(2.0) + 1000 * math.log(factor), rel=1e-12)
    torch.testing.assert_close(state, torch.full((1, 4), 0.5, dtype=torch.float64))


def test_zero_has_no_size_and_what_enters_wakes_it() -> None:
    state, log_size = split(torch.zeros(1, 4, dtype=torch.float64))
    assert float(log_size) == -math.inf
    assert advance("relu", state, log_size, MATRIX)[1].item() == -math.inf
    state, log_size, _ = advance("identity", state, log_size, MATRIX, ENTERING)
    torch.testing.assert_close(state * log_size.exp(), ENTERING)


@each
def test_slopes_are_those_of_autograd(function: str) -> None:
    x = (3 * FIRST @ MATRIX).requires_grad_()
    (expected,) = torch.autograd.grad(apply(function, x).sum(), x)
    found = advance(function, *split(3 * FIRST), MATRIX).log_slopes.exp()
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("size", [5.0, 20.0, 400.0, 1e5])
def test_the_slope_of_a_saturated_unit_is_told_far_below_what_a_float_holds(size: float) -> None:
    """ln tanh'(x) = ln 4 - 2|x| - 2 ln(1 + e^-2|x|), where 1 - tanh^2 is rounded to 0 from 19 on."""
    far = torch.tensor([[size, -size]], dtype=torch.float64)
    found = advance("tanh", *split(torch.zeros_like(far)), torch.eye(2).double(), far).log_slopes
    exact = math.log(4) - 2 * size - 2 * math.log1p(math.exp(-2 * size))
    torch.testing.assert_close(found, torch.full_like(far, exact), rtol=1e-14, atol=0)


def test_a_gradient_goes_back_through_saturated_units_and_not_through_dead_ones() -> None:
    """delta meets slopes of e^-3000 and e^-2000, and a living unit on which it is zero."""
    logs, zero = torch.tensor([[-3000.0, -2000.0, 0.0]], dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    first, matrix = torch.tensor([[0.6, 0.8, 0.0]], dtype=torch.float64), torch.eye(3, dtype=torch.float64)
    delta, log_size = pulled_back(first, zero, logs, matrix)
    assert delta.tolist() == [[0.0, 1.0, 0.0]]
    assert float(log_size) == pytest.approx(math.log(0.8) - 2000, rel=1e-15)
    dead = logs.masked_fill(logs < 0, -torch.inf)
    delta, log_size = pulled_back(first, zero, dead, matrix)
    assert (delta.any().item(), float(log_size)) == (False, -math.inf)
    assert float(pulled_back(delta, log_size, logs, matrix)[1]) == -math.inf


def test_directions_are_of_length_1_and_the_seeds_own() -> None:
    one = unit_vector(3, "first", 200)
    assert float(one.norm()) == pytest.approx(1.0)
    assert torch.equal(one, unit_vector(3, "first", 200))
    for other in (unit_vector(4, "first", 200), unit_vector(3, "second", 200)):
        assert abs(float(one @ other)) < 5 / 200**0.5
    lanes = draws_of(3, "first", "second").normal(0, 200)
    torch.testing.assert_close(lanes[0] / lanes[0].norm(), one)


def test_figures_that_are_none_are_left_out() -> None:
    assert finite({"a": 1.5, "b": math.nan, "c": -math.inf}) == {"a": 1.5, "b": None, "c": -math.inf}
