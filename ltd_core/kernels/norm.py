"""The norm of what passes by, vector by vector."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from ltd_core.kernels.scale import exponent_of, power_of_two

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltd_core.kernels.emitter import Emitter

_SUMS = 4
"""Sums that are kept side by side: an addition waits for the one before it."""


class Norm:
    """The norm of a delta, summed on a scale near the previous one.

    The scale keeps to a sixth of the range and deltas to a third (`scale.py`), so no square leaves it.
    """

    def __init__(self, e: Emitter) -> None:
        self.e, self._scale = e, e.slot(e.scalar)
        self._all = [e.slot(e.vector) for _ in range(_SUMS)]
        self._sums = cycle(self._all)
        e.do(f"store {e.scalar} 1.0, ptr {self._scale}")

    def begin(self) -> None:
        """Start a new sum."""
        for place in self._all:
            self.e.do(f"store {self.e.vector} zeroinitializer, ptr {place}")

    def add(self, delta: str) -> None:
        """Add the squares of a vector."""
        e, place = self.e, next(self._sums)
        scaled = e.arithmetic("fmul", delta, e.splat(e.value(f"load {e.scalar}, ptr {self._scale}")))
        e.do(f"store {e.vector} {e.fma(scaled, scaled, e.value(f'load {e.vector}, ptr {place}'))}, ptr {place}")

    def end(self, keep: Callable[[str], None] | None = None) -> None:
        """Give the norm to `keep`, and take the inverse of the power of two below it as the next scale."""
        e, f, bias = self.e, self.e.scalar, self.e.precision.bias
        total, *others = (e.value(f"load {e.vector}, ptr {place}") for place in self._all)
        for other in others:
            total = e.arithmetic("fadd", total, other)
        # pairwise: no result but the norm's own depends on the order, which is fixed in the code
        reduce = f"call reassoc {f} @llvm.vector.reduce.fadd.v{e.width}{e.suffix}"
        squares = e.value(f"{reduce}({f} 0.0, {e.vector} {total})")
        root = e.value(f"call {f} @llvm.sqrt.{e.suffix}({f} {squares})")
        norm = e.value(f"fdiv {f} {root}, {e.value(f'load {f}, ptr {self._scale}')}")
        if keep is not None:
            keep(norm)
        exponent = e.value(f"sub i64 {bias}, {exponent_of(e, norm)}")
        least = e.value(f"call i64 @llvm.smax.i64(i64 {exponent}, i64 {-(bias // 6)})")
        within = e.value(f"call i64 @llvm.smin.i64(i64 {least}, i64 {bias // 6})")
        e.do(f"store {f} {power_of_two(e, within)}, ptr {self._scale}")
