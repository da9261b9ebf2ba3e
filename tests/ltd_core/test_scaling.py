"""Powers of two against Python's own, norms against exact arithmetic over the whole range of a float."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from ltd_core.lazy import torch
from ltd_core.scaling import norms, power_of_two, scaled, scaled_norms

KINDS = [(torch.float32, 127), (torch.float64, 1023)]
everywhere = pytest.mark.parametrize(("kind", "most"), KINDS, ids=str)


@everywhere
def test_powers_of_two_are_exact_over_the_whole_range(kind: torch.dtype, most: int) -> None:
    exponents = torch.arange(1 - most, most + 1)
    assert power_of_two(exponents, kind).tolist() == [2.0**e for e in exponents.tolist()]
    ends = power_of_two(torch.tensor([-10 * most, 10 * most]), kind)
    assert ends.tolist() == [2.0 ** (1 - most), 2.0**most]


@everywhere
def test_scaling_there_and_back_costs_no_bit(kind: torch.dtype, most: int) -> None:
    values = torch.randn(100, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(kind)
    for by in (0, 40, most - 10):
        there = scaled(values * 2.0**-20, torch.tensor(by))
        assert torch.equal(scaled(there, torch.tensor(-by)), values * 2.0**-20)
    assert scaled(values * 2.0 ** (30 - most), torch.tensor(2 * most - 60)).isfinite().all()


@everywhere
def test_what_leaves_the_range_is_zero_or_infinite_and_zero_stays(kind: torch.dtype, most: int) -> None:
    values = torch.tensor([1.5, 0.0, -1.5], dtype=kind)
    assert scaled(values, torch.tensor(-20 * most)).tolist() == [0.0, 0.0, 0.0]
    assert scaled(values, torch.tensor(20 * most)).tolist() == [math.inf, 0.0, -math.inf]


@everywhere
@pytest.mark.parametrize("measure", [norms, scaled_norms])
def test_norms_are_those_of_numbers_of_any_size(
    measure: Callable[..., torch.Tensor], kind: torch.dtype, most: int
) -> None:
    """Times a power of two, a norm is the norm of the numbers times that power."""
    rows = torch.randn(7, 50, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(kind)
    exponents = torch.tensor([20 - most, -most // 2, -1, 0, 1, most // 2, most - 20])
    found = measure(scaled(rows, exponents.unsqueeze(1)))
    assert found.tolist() == [math.ldexp(n, e) for n, e in zip(measure(rows).tolist(), exponents.tolist(), strict=True)]
    torch.testing.assert_close(measure(rows).double(), rows.double().norm(dim=1), rtol=1e-6, atol=0)
    odd = torch.tensor([[math.inf, 1.0], [math.nan, 1.0], [0.0, 0.0]], dtype=kind)
    assert str(measure(odd).tolist()) == "[inf, nan, 0.0]"
    assert measure(rows.view(7, 10, 5), keepdim=True).shape == (7, 1, 5)
