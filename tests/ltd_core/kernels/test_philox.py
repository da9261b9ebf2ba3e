"""The kernel against Philox in tensor operations, which published vectors hold (tests/ltd_core/test_randomness.py)."""

from __future__ import annotations

import pytest

from ltd_core.kernels.philox import LOW, philox_kernel, vector_width
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, philox, stream_key


@pytest.mark.parametrize("count", [1, 3, 4, 5, 31, 32, 33, 1000])
def test_the_kernel_draws_the_same_words(count: int) -> None:
    keys, steps = [0, 2**64 - 1, stream_key(1, "data")], [0, 2**40 + 7, 3]
    draws, index = Draws.of(keys, steps), torch.arange(-(-count // 4))
    low = torch.tensor([[s & LOW] for s in steps]), torch.tensor([[s >> 32] for s in steps])
    both = torch.tensor([[k & LOW] for k in keys]), torch.tensor([[k >> 32] for k in keys])
    expected = torch.cat(philox((index, torch.full_like(index, 9), *low), both), 1)[:, :count]
    assert torch.equal(draws.bits(9, count), expected)
    assert vector_width() >= 1
    assert philox_kernel() is philox_kernel()
