"""Recurrences in layers and their readout, lane after lane: what a lane needs stays in the cache to its last pass.

Each lane's numbers are those that it would have alone: nothing is shared but room that is written before it is read.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache

from ltd_core.kernels.backward import backward_function
from ltd_core.kernels.emitter import Emitter, declarations
from ltd_core.kernels.forward import forward_function
from ltd_core.kernels.gradients import gradient_function
from ltd_core.kernels.machine import Library
from ltd_core.kernels.omega import omega_function
from ltd_core.kernels.product import Term
from ltd_core.kernels.readout import back_function, multiply, read_function
from ltd_core.kernels.scale import exponent_at, settle_function
from ltd_core.kernels.shape import Shape

TRAIN = (
    "starts",  # [K], int64
    "x",  # [K, T, B, I]
    "targets",  # [K, R, B], int64, or [K, R, B, O], of the last R steps
    "rows",  # weights of lane k at k * stride
    "gradient",  # likewise
    "losses",  # [K]
    "errors",  # [K]
    "norms",  # [K, L, T], ln |delta| of each layer by lag; NaN beyond a lane's sequence
    "omegas",  # [K], of a regularizer
    "pushes",  # [K, H, gates H], its gradient for W
    "states",  # room for [L, S, T+1, B, H]
    "tape",  # [L, T, B, Z, H]
    "carry",  # [S, B, H]
    "slopes",  # [R, B, O]
    "delta",  # [R, B, H]
    "Wt",  # [gates H, delays H]
    "Ut",  # [gates H, H], of layers above the first
    "Vt",  # [O, H]
    "below",  # [T, B, H], what reaches the states of a layer from the one above
    "deltas",  # [T, B, H], for a regularizer
    "pushed",  # [T, B, H], likewise
    "exponents",  # [L + 1, T], int64, of the scales on the way back, last those of what the readout gives
)
JUDGE = ("starts", "x", "targets", "rows", "losses", "errors", "states", "tape", "slopes")
"""As above; where one layer answers at the last step only, room for states [S, ring, B, H], and none for a tape."""
_KERNELS = 256
"""Of the shapes trained last: a kernel takes about two megabytes, and a worker meets thousands of shapes."""


@lru_cache(_KERNELS)
def train_kernel(shape: Shape) -> Callable[..., None]:
    """Return a function of the pointers in TRAIN, the number of lanes, of time steps, and the stride of the rows."""
    e = Emitter("train", shape.precision, TRAIN, ["lanes", "steps", "stride"])
    with e.loop("0", "%lanes") as lane:
        train = _Lane(e, shape, lane)
        w, d = _weights(e, shape, "%rows", lane), _weights(e, shape, "%gradient", lane)
        last = train.forward(w)
        train.read(w, last)
        _transpose(e, w["V"], (shape.size, shape.outputs), "%Vt")
        e.call("back", [last, "%Vt", "%slopes", d["V"], d["c"], "%delta"])
        train.backward(w, d)
    parts = [read_function(shape), back_function(shape), settle_function(shape)]
    for layer in range(min(shape.layers, 2)):
        part = shape.layer(layer)
        parts += [forward_function(part, f"forward{layer}", keep=True), gradient_function(part, f"gradients{layer}")]
    parts.append(backward_function(shape, "backward", once=shape.answers == 1))
    if shape.layers > 1:
        parts += [backward_function(shape, "backward_below", once=False), _below_function(shape)]
    if shape.ratio:
        parts.append(omega_function(shape))
    return _compiled(e, shape, parts, "train", len(TRAIN))


@lru_cache(_KERNELS)
def judge_kernel(shape: Shape) -> Callable[..., None]:
    """Return a function of the pointers in JUDGE, the number of lanes, of time steps, and the stride of the rows."""
    e = Emitter("judge", shape.precision, JUDGE, ["lanes", "steps", "stride"])
    keep = keeps(shape)
    with e.loop("0", "%lanes") as lane:
        judge, w = _Lane(e, shape, lane), _weights(e, shape, "%rows", lane)
        last = judge.forward(w)
        if not keep:
            last = e.at("%states", e.multiply(e.value(f"and i64 %steps, {shape.ring - 1}"), shape.state))
        judge.read(w, last)
    layers = range(min(shape.layers, 2))
    parts = [forward_function(shape.layer(layer), f"forward{layer}", keep=keep) for layer in layers]
    return _compiled(e, shape, [*parts, read_function(shape)], "judge", len(JUDGE))


def keeps(shape: Shape) -> bool:
    """Return whether an evaluation needs the states of all steps."""
    return shape.layers > 1 or shape.answers > 1


class _Lane:
    """The calls for one lane, layer after layer."""

    def __init__(self, e: Emitter, shape: Shape, lane: str) -> None:
        self.e, self.s, self._lane = e, shape, lane
        self.start, x, self.targets = _data(e, shape, lane)
        held = e.multiply(e.add("%steps", 1), len(shape.step.states) * shape.state)
        line = e.multiply("%steps", shape.batch_size * shape.line)
        self._states = [e.at("%states", e.multiply(held, layer)) for layer in range(shape.layers)]
        self._tapes = [e.at("%tape", e.multiply(line, layer)) for layer in range(shape.layers)]
        self._inputs = [x, *(e.at(states, shape.state) for states in self._states[:-1])]

    def forward(self, w: dict[str, str]) -> str:
        """Run all layers; return where the states lie that are read."""
        e, s = self.e, self.s
        for layer in range(s.layers):
            pointers = [self._inputs[layer], *_of(w, layer), self._states[layer], self._tapes[layer]]
            e.call(f"forward{min(layer, 1)}", pointers, [self.start, "%steps"])
        return e.at(self._states[-1], e.multiply(e.add("%steps", 1 - s.answers), s.state))

    def read(self, w: dict[str, str], last: str) -> None:
        """Judge the answers."""
        results = [self.e.at("%losses", self._lane), self.e.at("%errors", self._lane)]
        self.e.call("read", [last, w["V"], w["c"], self.targets, "%slopes", *results])

    def backward(self, w: dict[str, str], d: dict[str, str]) -> None:
        """Run all layers back, and sum their gradients."""
        e, s = self.e, self.s
        given, many = "%delta", str(s.answers)
        exponents = [exponent_at(e, "%exponents", e.multiply("%steps", layer)) for layer in range(s.layers + 1)]
        with e.loop("0", "%steps") as t:
            e.do(f"store i64 0, ptr {exponent_at(e, exponents[-1], t)}")
        for layer in reversed(range(s.layers)):
            states, tape, top = self._states[layer], self._tapes[layer], layer == s.layers - 1
            matrix, into, biases = _of(w, layer)
            for delay in range(len(s.delays)):
                source = e.at(matrix, delay * s.size * s.recurrent)
                _transpose(e, source, (s.size, s.recurrent), e.at("%Wt", delay * s.size), len(s.delays) * s.size)
            row = e.add(e.multiply(self._lane, s.layers), layer)
            norms = e.at("%norms", e.multiply(row, "%steps"))
            pointers = [given, exponents[layer + 1], "%Wt", biases, states, tape, "%carry", norms, exponents[layer]]
            name = "backward" if top else "backward_below"
            e.call(name, [*pointers, "%deltas", "%pushed"], [self.start, "%steps", many])
            if s.ratio:
                self._regularize(exponents[layer])
            if layer:
                _transpose(e, into, (s.size, s.entering), "%Ut", s.size)
                e.call("below", [tape, "%Ut", "%below"], [self.start, "%steps"])
                given, many = "%below", "%steps"
            e.call("settle", [tape, exponents[layer]], [self.start, "%steps"])
            pointers = [self._inputs[layer], states, tape, *_of(d, layer)]
            e.call(f"gradients{min(layer, 1)}", pointers, [self.start, "%steps"])

    def _regularize(self, exponents: str) -> None:
        e, s = self.e, self.s
        results = [e.at("%omegas", self._lane), e.at("%pushes", e.multiply(self._lane, s.size * s.recurrent))]
        e.call("omega", ["%tape", "%deltas", "%pushed", exponents, *results], [self.start, "%steps"])


def _of(weights: dict[str, str], layer: int) -> list[str]:
    """Return a layer's W, U and b."""
    end = str(layer + 1) if layer else ""
    return [weights[f"{name}{end}"] for name in "WUb"]


def _below_function(s: Shape) -> str:
    """Return "below": what a layer's slopes on the tape give to the states of the layer below, [T, B, H]."""
    e = Emitter("below", s.precision, ["tape", "Ut", "below"], ["start", "steps"])
    rows = s.batch_size
    with e.loop("%start", "%steps") as t:
        slopes = e.at("%tape", e.multiply(t, rows * s.line), len(s.step.only_recurrent) * s.size)
        term = Term(str(s.entering), slopes, s.line, 1, "%Ut", s.size)
        multiply(e, (rows, s.size), term, e.at("%below", e.multiply(t, s.state)), None)
    return e.text()


def _compiled(e: Emitter, shape: Shape, parts: list[str], name: str, pointers: int) -> Callable[..., None]:
    one = f"@one = private constant {e.scalar} 1.0"
    library = Library("\n".join([declarations(shape.precision), one, *parts, e.text()]))
    return library.function(name, [ctypes.c_void_p] * pointers + [ctypes.c_int64] * 3)


def _data(e: Emitter, shape: Shape, lane: str) -> tuple[str, str, str]:
    """Return a lane's first time step, and where its inputs and targets are."""
    start = e.value(f"load i64, ptr {e.value(f'getelementptr inbounds i64, ptr %starts, i64 {lane}')}")
    x = e.at("%x", e.multiply(e.multiply(lane, "%steps"), shape.batch_size * shape.inputs))
    if shape.tolerance is not None:
        return start, x, e.at("%targets", e.multiply(lane, shape.rows * shape.outputs))
    first = e.multiply(lane, shape.rows)
    return start, x, e.value(f"getelementptr inbounds i64, ptr %targets, i64 {first}")


def _weights(e: Emitter, shape: Shape, rows: str, lane: str) -> dict[str, str]:
    row = e.at(rows, e.multiply(lane, "%stride"))
    return {name: e.at(row, offset) for name, offset in shape.places.items()}


def _transpose(e: Emitter, source: str, sizes: tuple[int, int], target: str, line: int = 0) -> None:
    """Write a matrix [rows, columns] as its transpose, whose lines are `line` numbers apart."""
    rows, columns = sizes
    with e.loop("0", str(columns)) as column, e.loop("0", str(rows)) as row:
        number = e.value(f"load {e.scalar}, ptr {e.at(source, e.multiply(row, columns), column)}, align 4")
        e.do(f"store {e.scalar} {number}, ptr {e.at(target, e.multiply(column, line or rows), row)}, align 4")
