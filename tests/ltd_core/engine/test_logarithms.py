"""Logarithms of norms against numpy, powers of two against Python's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltd_core.engine.logarithms import power_of_two, scaled, together
from ltd_core.lazy import torch

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


def test_norms_of_parts_make_the_norm_of_the_whole() -> None:
    norms = np.random.default_rng(1).lognormal(sigma=5.0, size=(3, 50))
    first, *others = torch.from_numpy(np.log(norms)).unbind()
    np.testing.assert_allclose(together(first, others).numpy(), np.log(np.sqrt((norms**2).sum(0))), rtol=1e-12)
    odd = torch.tensor([-math.inf, -3000.0, math.nan])
    assert str(together(odd, [torch.tensor([-math.inf, -math.inf, 0.0])]).tolist()) == "[-inf, -3000.0, nan]"
