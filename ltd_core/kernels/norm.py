"""The Euclidean norm of a delta, summed while its vectors are in registers.

Deltas shrink or grow by orders of magnitude on their way through time, and the square of a number leaves the range of
floats long before the number does: in single precision below 1e-19 and above 1e19. So a delta is multiplied by a power
of two before it is squared, and its norm divided by the same power, which is exact. The power comes from the norm of
the delta before, which is near enough where deltas change little from step to step: after a norm of 3e-5 it is 2^15.
That saves a second pass over the numbers of every delta but the first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.scale import exponent_of, power_of_two

_SUMS = 4
"""Partial sums: successive additions to a single one would wait for each other."""


class Norm:
    """Emits the scaled sum of squares: `begin`, `add` for every vector of a delta, `end`.

    The scale is near that of the delta before. It keeps to a sixth of the floats' range and deltas to a third
    (`scale.py`), so no square leaves it.
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
        # `reassoc` lets LLVM add pairwise; the order is fixed in the compiled code, so results repeat to the last bit
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
