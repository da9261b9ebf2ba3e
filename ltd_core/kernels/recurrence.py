"""A recurrence through time as machine code: each lane runs all its steps while its weights stay in the cache.

Forward: gates = x_t U + h_t W + b, then the formulas of the step. Backward: delta_t = gate slopes of step t times W^T
plus what is carried over, |delta| as it passes, then the derivatives of the formulas.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.formulas import Formulas
from ltd_core.kernels.norm import Norm
from ltd_core.kernels.product import Term, Tile, Vectors, product
from ltd_core.recurrence.expression import ZERO

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltd_core.kernels.shape import Shape
    from ltd_core.recurrence.expression import Node


def forward_function(shape: Shape, *, keep: bool) -> str:
    """Return "forward": states [S, T+1, B, H] and the tape [T, B, Z, H], or just states [S, 2, B, H], h_T at T % 2."""
    return _Forward(shape, keep=keep).text()


def backward_function(shape: Shape) -> str:
    """Return "backward": gate slopes in the place of what the tape kept; norms [T] of the deltas, the last first."""
    return _Backward(shape).text()


class _Memory:
    """What both ways share: where things lie."""

    def __init__(self, e: Emitter, shape: Shape, *, keep: bool) -> None:
        self.e, self.s, self._keep = e, shape, keep
        self._held = e.add("%steps", 1) if keep else "2"

    def state(self, place: int, t: str) -> str:
        """Return where a state begins after t steps."""
        t = t if self._keep else self.e.value(f"and i64 {t}, 1")
        whole = self.e.multiply(self._held, place * self.s.state) if place else "0"
        return self.e.at("%states", whole, self.e.multiply(t, self.s.state))

    def kept(self, t: str) -> str:
        """Return where the tape of a step begins."""
        return self.e.at("%tape", self.e.multiply(t, self.s.batch_size * self.s.line))

    def parameter(self, name: str, tile: Tile, v: int) -> str:
        """Return a trained number of each unit."""
        place = len(self.s.step.gates) + self.s.step.parameters.index(name)
        return self.of_bias(place, tile, v)

    def of_bias(self, place: int, tile: Tile, v: int) -> str:
        """Return a vector of the biases, or of the parameters behind them."""
        return self.e.load(self.e.at("%b", place * self.s.size + tile.column + v * self.e.width), tile.counts[v])


def _zero(e: Emitter, pointer: str, count: int) -> None:
    """Write `count` zeros."""
    zero, whole = e.constant(0.0), count - count % e.width
    with e.loop("0", str(whole), e.width) as i:
        e.store(zero, e.at(pointer, i), e.width)
    if count > whole:
        e.store(zero, e.at(pointer, whole), count - whole)


class _Forward:
    """The way forward through all steps of one lane."""

    def __init__(self, shape: Shape, *, keep: bool) -> None:
        self.s, self._keep = shape, keep
        pointers = ["x", "W", "U", "b", "states", "tape"]
        self.e = Emitter("forward", shape.precision, pointers, ["start", "steps"])

    def text(self) -> str:
        """Return the function; x is [T, B, I]."""
        e, s = self.e, self.s
        here = _Memory(e, s, keep=self._keep)
        for place in range(len(s.step.states)):
            _zero(e, here.state(place, "%start"), s.state)
        with e.loop("%start", "%steps") as t:
            self._step(here, t, e.at("%x", e.multiply(t, s.batch_size * s.inputs)))
        return e.text()

    def _step(self, here: _Memory, t: str, x: str) -> None:
        e, s = self.e, self.s
        before = [here.state(i, t) for i in range(len(s.step.states))]
        after = [here.state(i, e.add(t, 1)) for i in range(len(s.step.states))]
        sees_x, sees_h = s.step.entering, s.step.recurrent
        terms = [
            Term(str(s.inputs), x, s.inputs, 1, "%U", len(sees_x) * s.size, sees_x),
            Term(str(s.size), before[0], s.size, 1, "%W", len(sees_h) * s.size, sees_h),
        ]
        tape = here.kept(t) if self._keep else ""

        def finish(tile: Tile, vectors: Vectors) -> None:
            for r, gates in enumerate(vectors):
                for v in range(len(tile.counts)):
                    self._formulas(here, (before, after, tape), tile, (r, v), [parts[v] for parts in gates])

        product(
            e, s.batch_size, s.size, terms, lambda tile, _, g, v: here.of_bias(g, tile, v), finish, len(s.step.gates)
        )

    def _formulas(
        self, here: _Memory, memory: tuple[list[str], list[str], str], tile: Tile, at: tuple[int, int], gates: list[str]
    ) -> None:
        e, s, (r, v), (before, after, tape) = self.e, self.s, at, memory
        within = tile.column + v * e.width
        place, count = e.add(e.multiply(tile.row, s.size), r * s.size + within), tile.counts[v]

        def known(node: Node) -> str | None:
            match node.operation:
                case "gate":
                    return gates[s.step.gates.index(node.name)]
                case "old":
                    return e.load(e.at(before[s.step.states.index(node.name)], place), count)
                case "parameter":
                    return here.parameter(node.name, tile, v)
            return None

        formulas = Formulas(e, known)
        for target, (_, formula) in zip(after, s.step.update, strict=True):
            e.store(formulas.value(formula), e.at(target, place), count)
        if tape:
            line = e.at(tape, e.multiply(e.add(tile.row, r), s.line), within)
            for slot, node in enumerate(s.step.kept):
                e.store(formulas.value(node), e.at(line, slot * s.size), count)


class _Backward:
    """The way back through all steps of one lane."""

    def __init__(self, shape: Shape) -> None:
        self.s = shape
        pointers = ["last", "Wt", "b", "states", "tape", "carry", "norms"]
        self.e = Emitter("backward", shape.precision, pointers, ["start", "steps"])
        self.norm = Norm(self.e)

    def text(self) -> str:
        """Return the function; last is delta_T, [B, H], Wt is [G H, H], carry is room for [S, B, H]."""
        e, s = self.e, self.s
        here, final = _Memory(e, s, keep=True), e.add("%steps", -1)
        _zero(e, "%carry", len(s.step.states) * s.state)
        with e.loop(e.value("sub i64 %steps, %start"), "%steps") as lag:
            e.do(f"store {e.scalar} {e.number(math.nan)}, ptr {e.at('%norms', lag)}, align 4")
        self._first(here, final)
        with e.loop(final, "%start", -1) as t:
            term = Term(str(len(s.step.recurrent) * s.size), here.kept(t), s.line, 1, "%Wt", s.size)
            self._pass(here, [term], "", e.add(t, -1))
        return e.text()

    def _first(self, here: _Memory, final: str) -> None:
        """Take up the given delta: once to find the scale of its norm, then for all."""
        self.norm.begin()
        product(self.e, self.s.batch_size, self.s.size, [], self._start("%last"), self._measure)
        self.norm.end("%norms")
        self._pass(here, [], "%last", final)

    def _measure(self, tile: Tile, vectors: Vectors) -> None:
        for (line,) in vectors:
            for vector in line[: len(tile.counts)]:
                self.norm.add(vector)

    def _start(self, given: str) -> Callable[[Tile, int, int, int], str]:
        """Return what fills a tile at first: a given delta, or zeros."""
        e, s = self.e, self.s

        def start(tile: Tile, r: int, _gate: int, v: int) -> str:
            place = e.add(e.multiply(tile.row, s.size), r * s.size + tile.column + v * e.width)
            return e.load(e.at(given, place), tile.counts[v])

        return start if given else lambda *_: "zeroinitializer"

    def _pass(self, here: _Memory, terms: list[Term], given: str, t: str) -> None:
        """Make delta_{t+1}, its norm, and from it the slopes of step t and what is carried to the states before."""

        def finish(tile: Tile, vectors: Vectors) -> None:
            for r, (line,) in enumerate(vectors):
                for v, vector in enumerate(line):
                    self._derivatives(here, t, tile, (r, v), vector)

        self.norm.begin()
        product(self.e, self.s.batch_size, self.s.size, terms, self._start(given), finish)
        self.norm.end(self.e.at("%norms", "%steps", -1, self.e.value(f"sub i64 0, {t}")))

    def _derivatives(self, here: _Memory, t: str, tile: Tile, at: tuple[int, int], through: str) -> None:
        e, s, (r, v) = self.e, self.s, at
        within, count = tile.column + v * e.width, tile.counts[v]
        place = e.add(e.multiply(tile.row, s.size), r * s.size + within)
        line = e.at(here.kept(t), e.multiply(e.add(tile.row, r), s.line), within)
        carried = [e.at("%carry", i * s.state, place) for i in range(len(s.step.states))]
        if s.step.carries[0] != ZERO:
            through = e.arithmetic("fadd", through, e.load(carried[0], count))
        self.norm.add(through)

        def known(node: Node) -> str | None:
            after = s.step.state_after(node)
            if after is not None:
                return e.load(e.at(here.state(after, e.add(t, 1)), place), count)
            if node in s.step.kept:
                return e.load(e.at(line, s.step.kept.index(node) * s.size), count)
            match node.operation:
                case "delta":
                    state = s.step.states.index(node.name)
                    return e.load(carried[state], count) if state else through
                case "old":
                    return e.load(e.at(here.state(s.step.states.index(node.name), t), place), count)
                case "parameter":
                    return here.parameter(node.name, tile, v)
            return None

        formulas = Formulas(e, known)
        made = [(formulas.value(node), e.at(line, i * s.size)) for i, node in enumerate(s.step.slopes)]
        made += [(formulas.value(n), to) for n, to in zip(s.step.carries, carried, strict=True) if n != ZERO]
        for vector, pointer in made:
            e.store(vector, pointer, count)
