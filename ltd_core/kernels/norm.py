"""The Euclidean norm of a delta, summed while its vectors are in registers.

Deltas shrink or grow by orders of magnitude on their way through time, and the square of a number leaves the range of
floats long before the number does: in single precision below 1e-19 and above 1e19. So a delta is multiplied by a power
of two before it is squared, and its norm divided by the same power, which is exact. The power comes from the norm of
the delta before, which is near enough where deltas change little from step to step: after a norm of 3e-25 it is 2^82.
That saves a second pass over the numbers of every delta but the first.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltd_core.kernels.emitter import Emitter

_SUMS = 4
"""Partial sums: successive additions to a single one would wait for each other."""
_MARGIN = 10
"""Distance of the scale's exponent from the ends of the floats' range."""


class Norm:
    """Emits the scaled sum of squares: `begin`, `add` for every vector of a delta, `end`.

    Deltas are `steady` where all of a delta comes from the one before. Otherwise (errors enter at later steps, or skip
    steps) a delta may be much larger than that one: its scale is at most a third of the range, so that it does not
    overflow, and norms far below are lost.
    """

    def __init__(self, e: Emitter, *, steady: bool) -> None:
        self.e, self._scale = e, e.slot(e.scalar)
        bias = (1 << (e.precision.bits - e.precision.mantissa - 2)) - 1
        self._least = _MARGIN if steady else bias - bias // 3
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

    def end(self, pointer: str) -> None:
        """Store the norm, and take the inverse of the power of two below it as the next scale."""
        e, f = self.e, self.e.scalar
        total, *others = (e.value(f"load {e.vector}, ptr {place}") for place in self._all)
        for other in others:
            total = e.arithmetic("fadd", total, other)
        # `reassoc` lets LLVM add pairwise; the order is fixed in the compiled code, so results repeat to the last bit
        reduce = f"call reassoc {f} @llvm.vector.reduce.fadd.v{e.width}{e.suffix}"
        squares = e.value(f"{reduce}({f} 0.0, {e.vector} {total})")
        root = e.value(f"call {f} @llvm.sqrt.{e.suffix}({f} {squares})")
        norm = e.value(f"fdiv {f} {root}, {e.value(f'load {f}, ptr {self._scale}')}")
        e.do(f"store {f} {norm}, ptr {pointer}, align 4")
        bits, mantissa = f"i{e.precision.bits}", e.precision.mantissa
        bias = (1 << (e.precision.bits - mantissa - 2)) - 1
        as_bits = e.value(f"bitcast {f} {norm} to {bits}")
        exponent = e.value(f"lshr {bits} {as_bits}, {mantissa}")  # biased; the sign is 0
        least = e.value(f"call {bits} @llvm.smax.{bits}({bits} {exponent}, {bits} {self._least})")
        usable = e.value(f"call {bits} @llvm.smin.{bits}({bits} {least}, {bits} {2 * bias - _MARGIN})")
        inverse = e.value(f"shl {bits} {e.value(f'sub {bits} {2 * bias}, {usable}')}, {mantissa}")
        e.do(f"store {f} {e.value(f'bitcast {bits} {inverse} to {f}')}, ptr {self._scale}")
