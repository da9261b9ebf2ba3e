"""One-hot vectors, by the kernel itself."""

from __future__ import annotations

import pytest

from ltd_core.kernels.one_hot import one_hot_kernel
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import DTYPES


@pytest.mark.parametrize("dtype", list(DTYPES))
def test_one_number_of_each_line_is_one_and_the_others_stay(dtype: str) -> None:
    symbols, out = torch.tensor([4, 0, 2, 2]), torch.zeros(5, 5, dtype=DTYPES[dtype])
    one_hot_kernel(dtype)(symbols.data_ptr(), out.data_ptr(), 4, 5)
    assert out.nonzero().tolist() == [[0, 4], [1, 0], [2, 2], [3, 2]]
    assert out.sum() == 4


def test_it_is_compiled_once() -> None:
    assert one_hot_kernel("float32") is one_hot_kernel("float32")
