"""Norms of vectors that shrink or grow, one after the other, against numpy in extended precision."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.kernels.norm import Norm
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import DTYPES, built, drawn, emitter

SIZE = 37


def norms(rows: torch.Tensor) -> np.ndarray:
    """Return the norm of each row, by one function that takes them in order."""
    e = emitter(str(rows.dtype).removeprefix("torch."))
    norm = Norm(e)
    with e.loop("0", "%count") as t:
        norm.begin()
        for first in range(0, SIZE, e.width):
            norm.add(e.load(e.at("%x", e.multiply(t, SIZE), first), min(e.width, SIZE - first)))
        out = e.at("%out", t)
        norm.end(lambda found: e.do(f"store {e.scalar} {found}, ptr {out}, align 4"))
    out = torch.zeros(len(rows), dtype=rows.dtype)
    built(e)(rows, out, len(rows))
    return out.numpy()


def exact(rows: torch.Tensor) -> np.ndarray:
    return np.sqrt((rows.numpy().astype(np.longdouble) ** 2).sum(1)).astype(np.float64)


@pytest.mark.parametrize(("dtype", "third", "rtol"), [("float32", 42, 1e-6), ("float64", 341, 1e-14)])
def test_norms_in_the_middle_third_of_the_range_are_exact_in_any_order(dtype: str, third: int, rtol: float) -> None:
    exponents = torch.linspace(3 - third, third - 3, 60, dtype=torch.float64)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(3))
    for sizes in (exponents, exponents.flip(0), exponents[order]):
        rows = (drawn(60, SIZE) * (2.0**sizes).unsqueeze(1)).to(DTYPES[dtype])
        np.testing.assert_allclose(norms(rows), exact(rows), rtol=rtol)


@pytest.mark.parametrize(("dtype", "third", "rtol"), [("float32", 42, 1e-5), ("float64", 341, 1e-14)])
def test_one_step_far_out_of_it_is_seen(dtype: str, third: int, rtol: float) -> None:
    """By half of the range down, where the squares themselves vanish, and a third up."""
    rows = drawn(6, SIZE)
    for place, size in enumerate((2.0 ** (2 - third), 2.0 ** (-1.9 * third), 1.0, 0.0, 2.0 ** (third - 3), 1.0)):
        rows[place] *= size
    found = norms(rows.to(DTYPES[dtype]))
    np.testing.assert_allclose(found, exact(rows.to(DTYPES[dtype])), rtol=rtol)


def test_what_is_not_a_number_is_told() -> None:
    rows = drawn(2, SIZE)
    rows[1, 3] = torch.nan
    assert np.isnan(norms(rows)).tolist() == [False, True]
