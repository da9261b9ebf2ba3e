"""Randomness without state: every draw is a function of (seed, stream name, step, draw number), on any device.

Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): machine code of our own on the CPU,
else int64 tensor arithmetic; both give the same words.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Self

from ltd_core.kernels.one_hot import one_hot_kernel
from ltd_core.kernels.philox import LOW, MULTIPLIERS, ROUNDS, WEYL, philox_kernel, vector_width
from ltd_core.lazy import torch


def stream_key(seed: int, name: str) -> int:
    """Return the 64-bit key of a stream."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little")


def philox(counter: Sequence[torch.Tensor], key: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return four words a counter. Counters (4) and keys (2) are int64 tensors of 32-bit words, broadcast together."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]  # the product's 64 bits; its sign bit is masked away below
        c0, c1, c2, c3 = ((p1 >> 32) & LOW) ^ c1 ^ k0, p1 & LOW, ((p0 >> 32) & LOW) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return c0, c1, c2, c3


class Draws:
    """The draws of K lanes, each at its own step: results carry the lanes first, [K, ...]."""

    def __init__(self, words: torch.Tensor) -> None:
        """Take words of 32 bits, [K, 4]: low and high of each lane's key, low and high of its step."""
        self.words = words

    @classmethod
    def of(cls, keys: Sequence[int], steps: Sequence[int], device: str = "cpu") -> Self:
        """Return the draws of lanes by their 64-bit keys and steps."""
        words = [[k & LOW, k >> 32, s & LOW, s >> 32] for k, s in zip(keys, steps, strict=True)]
        return cls(torch.tensor(words, dtype=torch.int64).to(device))

    def bits(self, draw: int, count: int) -> torch.Tensor:
        """Return [K, count] words in [0, 2^32), as int64."""
        counters, words = -(-count // 4), self.words
        if words.device.type == "cpu":
            room = -(-counters // vector_width()) * vector_width()
            out = torch.empty(len(words), 4, room, dtype=torch.int64)
            philox_kernel()(words.data_ptr(), out.data_ptr(), len(words), draw, room)
            return out[:, :, :counters].flatten(1)[:, :count]
        index = torch.arange(counters, device=words.device)
        key0, key1, low, high = (column.contiguous() for column in words.unsqueeze(-1).unbind(1))
        return torch.cat(philox((index, torch.full_like(index, draw), low, high), (key0, key1)), dim=1)[:, :count]

    def integers(self, draw: int, high: int | torch.Tensor, *shape: int) -> torch.Tensor:
        """Return [K, *shape] integers in [0, high); `high` is a number or one a lane, [K]. Bias below high / 2^32."""
        words = self.bits(draw, math.prod(shape))
        bound = high if isinstance(high, int) else high.view(-1, 1)
        return ((words * bound) >> 32).view(-1, *shape)

    def symbols(self, draw: int, width: int, *shape: int) -> torch.Tensor:
        """Return [K, *shape] integers of `width` bits, several from each word: the cheap way to many small numbers."""
        count, each = math.prod(shape), 32 // width
        words = self.bits(draw, -(-count // each))
        shifts = torch.arange(each, device=words.device) * width
        parts = (words.unsqueeze(-1) >> shifts) & ((1 << width) - 1)
        return parts.flatten(1)[:, :count].reshape(-1, *shape)

    def uniform(self, draw: int, *shape: int) -> torch.Tensor:
        """Return [K, *shape] numbers in [0, 1), multiples of 2^-32, float64."""
        return (self.bits(draw, math.prod(shape)).to(torch.float64) * 2.0**-32).view(-1, *shape)

    def normal(self, draw: int, *shape: int) -> torch.Tensor:
        """Return [K, *shape] standard Gaussian numbers by the Box-Muller transform, float64."""
        count = math.prod(shape)
        first, second = self.uniform(draw, 2, count).unbind(1)
        radius = torch.sqrt(-2.0 * torch.log1p(-first))
        return (radius * torch.cos(2.0 * math.pi * second)).view(-1, *shape)


def one_hot(symbols: torch.Tensor, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """Return integers in [0, classes) as vectors with a single 1, [*shape, classes]."""
    out = torch.zeros(*symbols.shape, classes, dtype=dtype, device=symbols.device)
    if symbols.device.type != "cpu":
        return out.scatter_(-1, symbols.unsqueeze(-1), 1.0)
    symbols = symbols.contiguous()
    one_hot_kernel(str(dtype).removeprefix("torch."))(symbols.data_ptr(), out.data_ptr(), symbols.numel(), classes)
    return out
