"""Emits the backward pass through time: deltas, their norms, and the derivatives by the gates.

All are on a scale that follows them (`scale.py`): what vanishes or explodes stays in the range of a float.

delta_t = sum over the delays of the gate slopes of step t+d times W_d^T, plus what is carried over, plus what is given
from outside; then the derivatives of the formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.formulas import Formulas
from ltd_core.kernels.memory import Memory, clear
from ltd_core.kernels.norm import Norm
from ltd_core.kernels.product import Spot, Term, Tile, Vectors, product
from ltd_core.kernels.scale import Scale, load_exponent
from ltd_core.kernels.shape import Shape
from ltd_core.recurrence.expression import ZERO, Node

POINTERS = (
    *("given", "given_exponents", "Wt", "b", "states", "tape", "carry", "norms", "exponents", "deltas", "pushed"),
)


def backward_function(shape: Shape, name: str, *, once: bool) -> str:
    """Return a function that puts gate slopes in the place of what the tape kept, on scales of 2^exponents [T].

    `given` are deltas [M, B, H] of the last M states, on scales of their own; `once`: M is 1. `norms` [T] takes the
    logarithms of the deltas' norms, last first. Wt is [gates H, delays H], carry room for [S, B, H]. For a regularizer,
    `deltas` [T, B, H] takes delta_{t+1} at t, `pushed` what it makes of delta_t, both on the scale of t.
    """
    return _Backward(shape, name, once=once).text()


class _Moment(NamedTuple):
    """A step, where the deltas lie that are given to the states after it, and what to multiply these with.

    "" for none, and for 1.
    """

    t: str
    given: str = ""
    factor: str = ""


class _Backward:
    def __init__(self, shape: Shape, name: str, *, once: bool) -> None:
        self.s, self._once = shape, once
        self.e = Emitter(name, shape.precision, POINTERS, ["start", "steps", "many"])
        self.norm = Norm(self.e)

    def text(self) -> str:
        """Return the function, steps with given deltas first, then those without."""
        e, s = self.e, self.s
        here, final = Memory(e, s, keep=True), e.add("%steps", -1)
        clear(e, "%carry", len(s.step.states) * s.state)
        self.scale = Scale(e, s, here, load_exponent(e, "%given_exponents", e.add("%steps", -1)))
        with e.loop(e.value("sub i64 %steps, %start"), "%steps") as lag:
            e.do(f"store {e.scalar} {e.number(math.nan)}, ptr {e.at('%norms', lag)}, align 4")
        self._first(here, final)
        silent = final
        if not self._once:
            silent = e.value(f"call i64 @llvm.smax.i64(i64 %start, i64 {e.value('sub i64 %steps, %many')})")
            with e.loop(final, silent, -1) as t:
                given, step = self._given(t), e.add(t, -1)
                factor = e.splat(self.scale.meet(given, step))
                self._pass(here, list(self._through(here, t)), _Moment(step, given, factor))
        with e.loop(silent, "%start", -1) as t:
            self._pass(here, list(self._through(here, t)), _Moment(e.add(t, -1)))
        return e.text()

    def _given(self, t: str) -> str:
        """Return where the delta lies that is given to the state after t steps."""
        e = self.e
        place = e.add(e.value(f"sub i64 {e.add(t, '%many')}, %steps"), -1)
        return e.at("%given", e.multiply(place, self.s.state))

    def _through(self, here: Memory, t: str) -> Iterator[Term]:
        """Yield what reaches the state after t steps from each later step whose gates saw it."""
        e, s = self.e, self.s
        for place, delay in enumerate(s.delays):
            count, later = str(s.recurrent), t
            if delay > 1:
                later = e.add(t, delay - 1)
                within = e.value(f"icmp slt i64 {later}, %steps")
                later = e.value(f"select i1 {within}, i64 {later}, i64 {t}")
                count = e.value(f"select i1 {within}, i64 {s.recurrent}, i64 0")
            weights = e.at("%Wt", place * s.size)
            yield Term(count, here.kept(later), s.line, 1, weights, len(s.delays) * s.size)

    def _first(self, here: Memory, final: str) -> None:
        """Take up the given delta: once to find the scale of its norm, then for all."""
        e, s = self.e, self.s
        given = self._given("%steps")
        self.norm.begin()

        def start(tile: Tile, r: int, _gate: int, v: int) -> str:
            place = e.add(e.multiply(tile.row, s.size), r * s.size + tile.column + v * e.width)
            return e.load(e.at(given, place), tile.counts[v])

        def measure(tile: Tile, vectors: Vectors) -> None:
            for (line,) in vectors:
                for vector in line[: len(tile.counts)]:
                    self.norm.add(vector)

        product(e, s.batch_size, s.size, [], start, measure)
        self.norm.end()
        self._pass(here, [], _Moment(final, given))

    def _pass(self, here: Memory, terms: list[Term], now: _Moment) -> None:
        """Make delta_{t+1}, its norm, and from it the slopes of step t and what is carried to the states before."""

        def finish(tile: Tile, vectors: Vectors) -> None:
            for r, (line,) in enumerate(vectors):
                for v, vector in enumerate(line):
                    self._derivatives(here, now, tile, Spot(r, v), vector)

        norms = self.e.at("%norms", "%steps", -1, self.e.value(f"sub i64 0, {now.t}"))
        self.norm.begin()
        product(self.e, self.s.batch_size, self.s.size, terms, lambda *_: "zeroinitializer", finish)
        self.norm.end(lambda norm: self.scale.keep(norm, now.t, norms))

    def _derivatives(self, here: Memory, now: _Moment, tile: Tile, spot: Spot, through: str) -> None:
        """Store the slopes and what is carried of one vector of units, whose gates pass `through` back to it."""
        e, s, (r, v), (t, given, factor) = self.e, self.s, spot, now
        within, count = tile.column + v * e.width, tile.counts[v]
        place = e.add(e.multiply(tile.row, s.size), r * s.size + within)
        line = e.at(here.kept(t), e.multiply(e.add(tile.row, r), s.line), within)
        carried = [e.at("%carry", i * s.state, place) for i in range(len(s.step.states))]
        if s.step.carries[0] != ZERO:
            through = e.arithmetic("fadd", through, e.load(carried[0], count))
        delta = self._sum(through, e.load(e.at(given, place), count), factor) if given else through
        self.norm.add(delta)
        if s.ratio:
            self._keep(t, place, count, through, delta)

        def known(node: Node) -> str | None:
            """Return what the forward pass or the step behind left in memory; None for what is to be computed."""
            after = s.step.state_after(node)
            if after is not None:
                return e.load(e.at(here.state(after, e.add(t, 1)), place), count)
            if node in s.step.kept:
                return e.load(e.at(line, s.step.kept.index(node) * s.size), count)
            match node.operation:
                case "delta":
                    state = s.step.states.index(node.name)
                    return e.load(carried[state], count) if state else delta
                case "old":
                    return e.load(e.at(here.state(s.step.states.index(node.name), t), place), count)
            return here.leaf(node, t, tile, v)

        formulas = Formulas(e, known)
        results = [(formulas.value(node), e.at(line, i * s.size)) for i, node in enumerate(s.step.slopes)]
        results += [(formulas.value(n), to) for n, to in zip(s.step.carries, carried, strict=True) if n != ZERO]
        for vector, pointer in results:
            e.store(vector, pointer, count)

    def _sum(self, through: str, given: str, factor: str) -> str:
        return self.e.fma(given, factor, through) if factor else self.e.arithmetic("fadd", through, given)

    def _keep(self, t: str, place: str, count: int, pushed: str, delta: str) -> None:
        """Keep delta_{t+1} at t, and what delta_{t+2} makes of it through step t+1 at t+1; the last has none."""
        e, s = self.e, self.s
        e.store(delta, e.at("%deltas", e.multiply(t, s.state), place), count)
        next_t = e.add(t, 1)
        with e.when(e.value(f"icmp slt i64 {next_t}, %steps")):
            e.store(pushed, e.at("%pushed", e.multiply(next_t, s.state), place), count)
