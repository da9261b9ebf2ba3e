"""Norms of vectors that shrink or grow, one after the other, against numpy in extended precision."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.kernels.norm import Norm
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import DTYPES, built, drawn, emitter

SIZE = 37


def norms(rows: torch.Tensor, *, steady: bool) -> np.ndarray:
    """Return the norm of each row, by one function that takes them in order."""
    e = emitter(str(rows.dtype).removeprefix("torch."))
    norm = Norm(e, steady=steady)
    with e.loop("0", "%count") as t:
        norm.begin()
        for first in range(0, SIZE, e.width):
            norm.add(e.load(e.at("%x", e.multiply(t, SIZE), first), min(e.width, SIZE - first)))
        norm.end(e.at("%out", t))
    out = torch.zeros(len(rows), dtype=rows.dtype)
    built(e)(rows, out, len(rows))
    return out.numpy()


def exact(rows: torch.Tensor) -> np.ndarray:
    return np.sqrt((rows.numpy().astype(np.longdouble) ** 2).sum(1)).astype(np.float64)


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize(("dtype", "factor", "rtol"), [("float32", 0.5, 1e-6), ("float64", 0.01, 1e-14)])
def test_a_vanishing_norm_is_exact_where_its_square_underflows(
    dtype: str, factor: float, rtol: float, *, steady: bool
) -> None:
    count = 100 if dtype == "float32" else 145 if steady else 120
    scale = factor ** torch.arange(count, dtype=torch.float64)
    rows = (drawn(count, SIZE) * scale.unsqueeze(1)).to(DTYPES[dtype])
    found, expected = norms(rows, steady=steady), exact(rows)
    assert expected[-1] ** 2 < np.finfo(dtype).tiny
    np.testing.assert_allclose(found, expected, rtol=rtol)


@pytest.mark.parametrize(("dtype", "top"), [("float32", 25.0), ("float64", 250.0)])
def test_a_growing_norm_is_exact_where_its_square_overflows(dtype: str, top: float) -> None:
    rows = (drawn(60, SIZE) * (10.0 ** torch.linspace(0, top, 60, dtype=torch.float64)).unsqueeze(1)).to(DTYPES[dtype])
    np.testing.assert_allclose(norms(rows, steady=True), exact(rows), rtol=1e-5 if dtype == "float32" else 1e-14)


def test_a_norm_after_zeros_and_a_much_larger_one_are_seen() -> None:
    rows = drawn(5, SIZE)
    rows[1:3] = 0.0
    rows[4] *= 1e60
    np.testing.assert_allclose(norms(rows, steady=False), exact(rows), rtol=1e-14)


def test_what_is_not_a_number_is_told() -> None:
    rows = drawn(2, SIZE)
    rows[1, 3] = torch.nan
    assert np.isnan(norms(rows, steady=True)).tolist() == [False, True]
