"""The norm of what passes by, vector by vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltd_core.kernels.emitter import Emitter

_MARGIN = 10
"""The scale's exponent stays this far from the ends of its range."""


class Norm:
    """The norm of a delta, summed on a scale near the previous one: vanishing deltas do not underflow."""

    def __init__(self, e: Emitter) -> None:
        self.e, self._sum, self._scale = e, e.slot(e.vector), e.slot(e.scalar)
        e.do(f"store {e.scalar} 1.0, ptr {self._scale}")

    def begin(self) -> None:
        """Start a new sum."""
        self.e.do(f"store {self.e.vector} zeroinitializer, ptr {self._sum}")

    def add(self, delta: str) -> None:
        """Add the squares of a vector."""
        e = self.e
        scaled = e.arithmetic("fmul", delta, e.splat(e.value(f"load {e.scalar}, ptr {self._scale}")))
        e.do(f"store {e.vector} {e.fma(scaled, scaled, e.value(f'load {e.vector}, ptr {self._sum}'))}, ptr {self._sum}")

    def end(self, pointer: str) -> None:
        """Store the norm, and take the inverse of the power of two below it as the next scale."""
        e, f = self.e, self.e.scalar
        total = e.value(f"load {e.vector}, ptr {self._sum}")
        root = e.value(f"call {f} @llvm.sqrt.{e.suffix}({f} {e.total([total])})")
        norm = e.value(f"fdiv {f} {root}, {e.value(f'load {f}, ptr {self._scale}')}")
        e.do(f"store {f} {norm}, ptr {pointer}, align 4")
        bits, mantissa = f"i{e.precision.bits}", e.precision.mantissa
        bias = (1 << (e.precision.bits - mantissa - 2)) - 1
        as_bits = e.value(f"bitcast {f} {norm} to {bits}")
        exponent = e.value(f"lshr {bits} {as_bits}, {mantissa}")  # biased; the sign is 0
        least = e.value(f"call {bits} @llvm.smax.{bits}({bits} {exponent}, {bits} {_MARGIN})")
        usable = e.value(f"call {bits} @llvm.smin.{bits}({bits} {least}, {bits} {2 * bias - _MARGIN})")
        inverse = e.value(f"shl {bits} {e.value(f'sub {bits} {2 * bias}, {usable}')}, {mantissa}")
        e.do(f"store {f} {e.value(f'bitcast {bits} {inverse} to {f}')}, ptr {self._scale}")
