"""A recurrence and its readout, lane after lane: what a lane needs stays in the cache from its first pass to its last.

Each lane's numbers are those that it would have alone: nothing is shared but room that is written before it is read.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING

from ltd_core.kernels.emitter import Emitter, declarations
from ltd_core.kernels.gradients import gradient_function
from ltd_core.kernels.machine import Library
from ltd_core.kernels.readout import back_function, read_function
from ltd_core.kernels.recurrence import backward_function, forward_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltd_core.kernels.shape import Shape

TRAIN = (
    "starts",  # [K], int64
    "x",  # [K, T, B, I]
    "targets",  # [K, B], int64, or [K, B, O]
    "rows",  # weights of lane k at k * stride
    "gradient",  # likewise
    "losses",  # [K]
    "errors",  # [K]
    "norms",  # [K, T], |delta| by lag; NaN beyond a lane's sequence
    "states",  # room for [S, T+1, B, H]
    "tape",  # [T, B, Z, H]
    "carry",  # [S, B, H]
    "slopes",  # [B, O]
    "delta",  # [B, H]
    "Wt",  # [gates H, H]
    "Vt",  # [O, H]
)
JUDGE = ("starts", "x", "targets", "rows", "losses", "errors", "states", "slopes")
"""As above, but for room for states [S, 2, B, H]."""


@cache
def train_kernel(shape: Shape) -> Callable[..., None]:
    """Return a function of the pointers in TRAIN, the number of lanes, of time steps, and the stride of the rows."""
    e = Emitter("train", shape.precision, TRAIN, ["lanes", "steps", "stride"])
    with e.loop("0", "%lanes") as lane:
        start, x, targets = _data(e, shape, lane)
        w = _weights(e, shape, "%rows", lane)
        d = _weights(e, shape, "%gradient", lane)
        last = e.at("%states", e.multiply("%steps", shape.state))
        results = [e.at("%losses", lane), e.at("%errors", lane)]
        _transpose(e, w["W"], shape.size, len(shape.step.recurrent) * shape.size, "%Wt")
        _transpose(e, w["V"], shape.size, shape.outputs, "%Vt")
        e.call("forward", [x, w["W"], w["U"], w["b"], "%states", "%tape"], [start, "%steps"])
        e.call("read", [last, w["V"], w["c"], targets, "%slopes", *results])
        e.call("back", [last, "%Vt", "%slopes", d["V"], d["c"], "%delta"])
        norms = e.at("%norms", e.multiply(lane, "%steps"))
        e.call("backward", ["%delta", "%Wt", w["b"], "%states", "%tape", "%carry", norms], [start, "%steps"])
        e.call("gradients", [x, "%states", "%tape", d["W"], d["U"], d["b"]], [start, "%steps"])
    parts = [forward_function(shape, keep=True), read_function(shape), back_function(shape)]
    return _compiled(e, shape, [*parts, backward_function(shape), gradient_function(shape)], "train", len(TRAIN))


@cache
def judge_kernel(shape: Shape) -> Callable[..., None]:
    """Return a function of the pointers in JUDGE, the number of lanes, of time steps, and the stride of the rows."""
    e = Emitter("judge", shape.precision, JUDGE, ["lanes", "steps", "stride"])
    with e.loop("0", "%lanes") as lane:
        start, x, targets = _data(e, shape, lane)
        w = _weights(e, shape, "%rows", lane)
        e.call("forward", [x, w["W"], w["U"], w["b"], "%states", "%states"], [start, "%steps"])
        last = e.at("%states", e.multiply(e.value("and i64 %steps, 1"), shape.state))
        results = [e.at("%losses", lane), e.at("%errors", lane)]
        e.call("read", [last, w["V"], w["c"], targets, "%slopes", *results])
    return _compiled(e, shape, [forward_function(shape, keep=False), read_function(shape)], "judge", len(JUDGE))


def _compiled(e: Emitter, shape: Shape, parts: list[str], name: str, pointers: int) -> Callable[..., None]:
    one = f"@one = private constant {e.scalar} 1.0"
    library = Library("\n".join([declarations(shape.precision), one, *parts, e.text()]))
    return library.function(name, [ctypes.c_void_p] * pointers + [ctypes.c_int64] * 3)


def _data(e: Emitter, shape: Shape, lane: str) -> tuple[str, str, str]:
    """Return a lane's first time step, and where its inputs and targets are."""
    start = e.value(f"load i64, ptr {e.value(f'getelementptr inbounds i64, ptr %starts, i64 {lane}')}")
    x = e.at("%x", e.multiply(e.multiply(lane, "%steps"), shape.batch_size * shape.inputs))
    if shape.tolerance is not None:
        return start, x, e.at("%targets", e.multiply(lane, shape.batch_size * shape.outputs))
    place = e.multiply(lane, shape.batch_size)
    return start, x, e.value(f"getelementptr inbounds i64, ptr %targets, i64 {place}")


def _weights(e: Emitter, shape: Shape, rows: str, lane: str) -> dict[str, str]:
    row = e.at(rows, e.multiply(lane, "%stride"))
    return {name: e.at(row, place) for name, place in shape.places.items()}


def _transpose(e: Emitter, source: str, rows: int, columns: int, target: str) -> None:
    with e.loop("0", str(columns)) as column, e.loop("0", str(rows)) as row:
        number = e.value(f"load {e.scalar}, ptr {e.at(source, e.multiply(row, columns), column)}, align 4")
        e.do(f"store {e.scalar} {number}, ptr {e.at(target, e.multiply(column, rows), row)}, align 4")
