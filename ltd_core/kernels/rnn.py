"""The plain recurrence through time as machine code: each lane runs all its steps while its weights stay in the cache.

forward: h_{t+1} = f(b + x_t U + h_t W). backward: slope_t = delta_{t+1} f'(h_{t+1}), delta_t = slope_t W^T,
and |delta| as it passes.
gradients: dW = sum h_t^T slope_t, dU = sum x_t^T slope_t, db = sum slope_t.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ltd_core.kernels.activation import activate, slope
from ltd_core.kernels.emitter import Emitter, Precision, declarations, precision_of
from ltd_core.kernels.machine import Library
from ltd_core.kernels.product import Term, Tile, product

if TYPE_CHECKING:
    from collections.abc import Callable

_MARGIN = 10
"""The scale's exponent stays this far from the ends of its range."""
_CHUNK = 160
"""Rows of states and slopes that are summed at a time into the weight gradients: they fit the first-level cache."""


class RnnKernels(NamedTuple):
    """Compiled for one shape."""

    forward: Callable[..., None]
    backward: Callable[..., None]
    gradients: Callable[..., None]


@cache
def rnn_kernels(batch_size: int, inputs: int, size: int, nonlinearity: str, dtype: str) -> RnnKernels:
    """Return the kernels for B sequences of I inputs and H units."""
    shape = _Shape(batch_size, inputs, size, nonlinearity, precision_of(dtype))
    library = Library(
        "\n".join([declarations(shape.precision), _forward(shape, keep=True), _backward(shape), _gradients(shape)])
    )
    pointer, integer = ctypes.c_void_p, ctypes.c_int64
    return RnnKernels(
        library.function("forward", [pointer] * 6 + [integer] * 3),
        library.function("backward", [pointer] * 6 + [integer] * 2),
        library.function("gradients", [pointer] * 7 + [integer] * 3),
    )


@cache
def last_state_kernel(batch_size: int, inputs: int, size: int, nonlinearity: str, dtype: str) -> Callable[..., None]:
    """Return the forward pass that keeps two states only, [K, 2, B, H]: h_T is at T mod 2."""
    shape = _Shape(batch_size, inputs, size, nonlinearity, precision_of(dtype))
    library = Library("\n".join([declarations(shape.precision), _forward(shape, keep=False)]))
    return library.function("forward", [ctypes.c_void_p] * 6 + [ctypes.c_int64] * 3)


class _Shape(NamedTuple):
    batch_size: int
    inputs: int
    size: int
    nonlinearity: str
    precision: Precision

    @property
    def row(self) -> int:
        return self.batch_size * self.size


def _lane_start(e: Emitter, lane: str) -> str:
    return e.value(f"load i64, ptr {e.value(f'getelementptr inbounds i64, ptr %starts, i64 {lane}')}")


def _fill(e: Emitter, pointer: str, count: int) -> None:
    """Write `count` zeros."""
    zero, whole = e.constant(0.0), count - count % e.width
    with e.loop("0", str(whole), e.width) as i:
        e.store(zero, e.at(pointer, i), e.width)
    if count > whole:
        e.store(zero, e.at(pointer, whole), count - whole)


def _forward(s: _Shape, *, keep: bool) -> str:
    """States [K, T+1, B, H], or [K, 2, B, H] when not kept; x [K, T, B, I]; rows of weights `stride` numbers apart."""
    e = Emitter("forward", s.precision, ["starts", "x", "W", "U", "b", "states"], ["lanes", "steps", "stride"])

    def state(states: str, t: str) -> str:
        return e.at(states, e.multiply(t if keep else e.value(f"and i64 {t}, 1"), s.row))

    with e.loop("0", "%lanes") as lane:
        start, offset = _lane_start(e, lane), e.multiply(lane, "%stride")
        recurrent, entering, bias = (e.at(f"%{name}", offset) for name in ("W", "U", "b"))
        states = e.at("%states", e.multiply(e.multiply(lane, e.add("%steps", 1) if keep else "2"), s.row))
        x = e.at("%x", e.multiply(e.multiply(lane, "%steps"), s.batch_size * s.inputs))
        _fill(e, state(states, start), s.row)
        with e.loop(start, "%steps") as t:
            now = e.at(x, e.multiply(t, s.batch_size * s.inputs))
            before, after = state(states, t), state(states, e.add(t, 1))
            terms = [
                Term(str(s.inputs), now, s.inputs, 1, entering, s.size),
                Term(str(s.size), before, s.size, 1, recurrent, s.size),
            ]

            def first(tile: Tile, _: int, v: int, bias: str = bias) -> str:
                return e.load(e.at(bias, tile.column + v * e.width), tile.counts[v])

            def finish(tile: Tile, vectors: list[list[str]], after: str = after) -> None:
                place = e.at(after, e.multiply(tile.row, s.size), tile.column)
                for r, line in enumerate(vectors):
                    for v, vector in enumerate(line):
                        e.store(
                            activate(e, s.nonlinearity, vector), e.at(place, r * s.size + v * e.width), tile.counts[v]
                        )

            product(e, s.batch_size, s.size, terms, first, finish)
    return e.text()


class _Norm:
    """The norm of a delta, summed on a scale near the previous one: vanishing deltas do not underflow."""

    def __init__(self, e: Emitter) -> None:
        self.e, self._sum, self._scale = e, e.slot(e.vector), e.slot(e.scalar)
        e.do(f"store {e.scalar} 1.0, ptr {self._scale}")

    def begin(self) -> None:
        self.e.do(f"store {self.e.vector} zeroinitializer, ptr {self._sum}")

    def add(self, delta: str) -> None:
        e = self.e
        scaled = e.arithmetic("fmul", delta, e.splat(e.value(f"load {e.scalar}, ptr {self._scale}")))
        e.do(f"store {e.vector} {e.fma(scaled, scaled, e.value(f'load {e.vector}, ptr {self._sum}'))}, ptr {self._sum}")

    def end(self, pointer: str) -> None:
        """Store the norm, and take the inverse of the power of two below it as the next scale."""
        e, f = self.e, self.e.scalar
        total = e.value(f"load {e.vector}, ptr {self._sum}")
        squares = e.value(f"call {f} @llvm.vector.reduce.fadd.v{e.width}{e.suffix}({f} 0.0, {e.vector} {total})")
        root = e.value(f"call {f} @llvm.sqrt.{e.suffix}({f} {squares})")
        norm = e.value(f"fdiv {f} {root}, {e.value(f'load {f}, ptr {self._scale}')}")
        e.do(f"store {f} {norm}, ptr {pointer}, align 4")
        bits, mantissa = f"i{e.precision.bits}", e.precision.mantissa
        bias = (1 << (e.precision.bits - mantissa - 2)) - 1
        exponent = e.value(
            f"lshr {bits} {e.value(f'bitcast {f} {norm} to {bits}')}, {mantissa}"
        )  # biased; the sign is 0
        least = e.value(f"call {bits} @llvm.smax.{bits}({bits} {exponent}, {bits} {_MARGIN})")
        usable = e.value(f"call {bits} @llvm.smin.{bits}({bits} {least}, {bits} {2 * bias - _MARGIN})")
        inverse = e.value(f"shl {bits} {e.value(f'sub {bits} {2 * bias}, {usable}')}, {mantissa}")
        e.do(f"store {f} {e.value(f'bitcast {bits} {inverse} to {f}')}, ptr {self._scale}")


def _backward(s: _Shape) -> str:
    """Last [K, B, H] is delta_T; Wt [K, H, H] is W transposed; slopes [K, T, B, H]; norms [K, T] by time step."""
    e = Emitter("backward", s.precision, ["starts", "last", "Wt", "states", "slopes", "norms"], ["lanes", "steps"])
    with e.loop("0", "%lanes") as lane:
        start, from_lane = _lane_start(e, lane), e.multiply(lane, "%steps")
        transposed = e.at("%Wt", e.multiply(lane, s.size * s.size))
        states = e.at("%states", e.multiply(e.multiply(lane, e.add("%steps", 1)), s.row))
        slopes, norms = e.at("%slopes", e.multiply(from_lane, s.row)), e.at("%norms", from_lane)
        norm = _Norm(e)
        final = e.add("%steps", -1)
        for _ in range(2):  # the first pass only finds the scale
            norm.begin()
            _last_slope(e, s, norm, (e.at("%last", e.multiply(lane, s.row)), states, slopes, final))
            norm.end(e.at(norms, final))
        with e.loop(final, start, -1) as t:
            here = e.multiply(t, s.row)
            terms = [Term(str(s.size), e.at(slopes, here), s.size, 1, transposed, s.size)]

            def finish(
                tile: Tile, vectors: list[list[str]], here: str = here, slopes: str = slopes, states: str = states
            ) -> None:
                place = e.add(e.add(e.multiply(tile.row, s.size), tile.column), here)
                h, target = e.at(states, place), e.at(slopes, place, -s.row)
                for r, line in enumerate(vectors):
                    for v, delta in enumerate(line):
                        within = r * s.size + v * e.width
                        norm.add(delta)
                        value = slope(e, s.nonlinearity, delta, e.load(e.at(h, within), tile.counts[v]))
                        e.store(value, e.at(target, within), tile.counts[v])

            norm.begin()
            product(e, s.batch_size, s.size, terms, lambda *_: "zeroinitializer", finish)
            norm.end(e.at(norms, t, -1))
    return e.text()


def _last_slope(e: Emitter, s: _Shape, norm: _Norm, places: tuple[str, str, str, str]) -> None:
    """Write the slopes of the last step, whose delta is given."""
    last, states, slopes, final = places
    h = e.at(states, e.multiply(final, s.row), s.row)
    target = e.at(slopes, e.multiply(final, s.row))
    whole = s.row - s.row % e.width

    def write(i: str, count: int) -> None:
        delta = e.load(e.at(last, i), count)
        norm.add(delta)
        e.store(slope(e, s.nonlinearity, delta, e.load(e.at(h, i), count)), e.at(target, i), count)

    with e.loop("0", str(whole), e.width) as i:
        write(i, e.width)
    if s.row > whole:
        write(str(whole), s.row - whole)


def _gradients(s: _Shape) -> str:
    """dW, dU and db in rows of gradients `stride` numbers apart: sums over all rows from a lane's start, by chunks."""
    e = Emitter(
        "gradients", s.precision, ["starts", "x", "states", "slopes", "dW", "dU", "db"], ["lanes", "steps", "stride"]
    )
    with e.loop("0", "%lanes") as lane:
        start, offset = _lane_start(e, lane), e.multiply(lane, "%stride")
        recurrent, entering, bias = (e.at(f"%{name}", offset) for name in ("dW", "dU", "db"))
        from_lane = e.multiply(lane, "%steps")
        states = e.at("%states", e.multiply(e.multiply(lane, e.add("%steps", 1)), s.row))
        slopes = e.at("%slopes", e.multiply(from_lane, s.row))
        x = e.at("%x", e.multiply(from_lane, s.batch_size * s.inputs))
        for pointer, count in ((recurrent, s.size * s.size), (entering, s.inputs * s.size), (bias, s.size)):
            _fill(e, pointer, count)
        end = e.multiply("%steps", s.batch_size)
        with e.loop(e.multiply(start, s.batch_size), end, _CHUNK) as row:
            left = e.value(f"sub i64 {end}, {row}")
            rows = e.value(f"select i1 {e.value(f'icmp slt i64 {left}, {_CHUNK}')}, i64 {left}, i64 {_CHUNK}")
            right = e.at(slopes, e.multiply(row, s.size))
            _sum(e, s, Term(rows, e.at(states, e.multiply(row, s.size)), 1, s.size, right, s.size), recurrent, s.size)
            _sum(e, s, Term(rows, e.at(x, e.multiply(row, s.inputs)), 1, s.inputs, right, s.size), entering, s.inputs)
            _sum(e, s, Term(rows, "@one", 0, 0, right, s.size), bias, 1)
    return f"@one = private constant {e.scalar} 1.0\n" + e.text()


def _sum(e: Emitter, s: _Shape, term: Term, target: str, rows: int) -> None:
    """Add a product to a matrix of H columns in memory."""

    def place(tile: Tile, r: int, v: int) -> str:
        return e.at(target, e.multiply(tile.row, s.size), tile.column + r * s.size + v * e.width)

    def finish(tile: Tile, vectors: list[list[str]]) -> None:
        for r, line in enumerate(vectors):
            for v, vector in enumerate(line):
                e.store(vector, place(tile, r, v), tile.counts[v])

    product(e, rows, s.size, [term], lambda tile, r, v: e.load(place(tile, r, v), tile.counts[v]), finish)
