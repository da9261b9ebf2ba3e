"""Emits the forward pass through time: a lane runs all its steps while its weights stay in the cache.

gates = x_t U + sum over the delays of h_{t-d} W_d + b, then the formulas of the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.formulas import Formulas
from ltd_core.kernels.memory import Memory, clear
from ltd_core.kernels.product import Spot, Term, Tile, Vectors, product
from ltd_core.kernels.shape import Shape
from ltd_core.recurrence.expression import Node

POINTERS = ("x", "W", "U", "b", "states", "tape")


def forward_function(shape: Shape, name: str, *, keep: bool) -> str:
    """Return a function that makes all states and the tape, or just the last states, from x [T, B, I]."""
    return _Forward(shape, name, keep=keep).text()


class _Moment(NamedTuple):
    """Where the numbers of a step lie: its states before and after, its part of the tape ("" for none), its time."""

    before: list[str]
    after: list[str]
    tape: str
    t: str


class _Forward:
    def __init__(self, shape: Shape, name: str, *, keep: bool) -> None:
        self.s, self._keep = shape, keep
        self.e = Emitter(name, shape.precision, POINTERS, ["start", "steps"])

    def text(self) -> str:
        e, s = self.e, self.s
        here = Memory(e, s, keep=self._keep)
        for state in range(len(s.step.states)):
            clear(e, here.state(state, "%start"), s.state)
        with e.loop("%start", "%steps") as t:
            self._step(here, t, e.at("%x", e.multiply(t, s.batch_size * s.inputs)))
        return e.text()

    def _step(self, here: Memory, t: str, x: str) -> None:
        e, s = self.e, self.s
        places = range(len(s.step.states))
        before, after = [here.state(i, t) for i in places], [here.state(i, e.add(t, 1)) for i in places]
        now = _Moment(before, after, here.kept(t) if self._keep else "", t)

        def finish(tile: Tile, vectors: Vectors) -> None:
            for r, gates in enumerate(vectors):
                for v in range(len(tile.counts)):
                    self._formulas(here, now, tile, Spot(r, v), [parts[v] for parts in gates])

        product(
            e,
            s.batch_size,
            s.size,
            [Term(str(s.inputs), x, s.inputs, 1, "%U", s.entering, s.step.entering), *self._past(here, t)],
            lambda tile, _, g, v: here.bias(g, tile, v),
            finish,
            len(s.step.gates),
        )

    def _past(self, here: Memory, t: str) -> Iterator[Term]:
        """Yield what each delay adds: nothing where it reaches behind the sequence's begin."""
        e, s = self.e, self.s
        for delay_index, delay in enumerate(s.delays):
            weights = e.at("%W", delay_index * s.size * s.recurrent)
            count, since = str(s.size), t
            if delay > 1:
                since = e.add(t, 1 - delay)
                begun = e.value(f"icmp sgt i64 {since}, %start")
                since = e.value(f"select i1 {begun}, i64 {since}, i64 %start")
                count = e.value(f"select i1 {begun}, i64 {s.size}, i64 0")
            yield Term(count, here.state(0, since), s.size, 1, weights, s.recurrent, s.step.recurrent)

    def _formulas(self, here: Memory, now: _Moment, tile: Tile, spot: Spot, gates: list[str]) -> None:
        """Store the new states of one vector of units, and what the backward pass needs."""
        e, s, v = self.e, self.s, spot.vector
        within = tile.column + v * e.width
        offset, count = e.add(e.multiply(tile.row, s.size), spot.row * s.size + within), tile.counts[v]

        def known(node: Node) -> str | None:
            match node.operation:
                case "gate":
                    return gates[s.step.gates.index(node.name)]
                case "old":
                    return e.load(e.at(now.before[s.step.states.index(node.name)], offset), count)
            return here.leaf(node, now.t, tile, v)

        formulas = Formulas(e, known)
        for target, (_, formula) in zip(now.after, s.step.update, strict=True):
            e.store(formulas.value(formula), e.at(target, offset), count)
        if now.tape:
            line = e.at(now.tape, e.multiply(e.add(tile.row, spot.row), s.line), within)
            for slot, node in enumerate(s.step.kept):
                e.store(formulas.value(node), e.at(line, slot * s.size), count)
