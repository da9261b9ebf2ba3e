"""The gradients of a recurrence's weights: sums over all steps and sequences, from slopes that lie on the tape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.kernels.emitter import Emitter, Precision
from ltd_core.kernels.product import Term, Tile, Vectors, product

if TYPE_CHECKING:
    from ltd_core.recurrence.step import Step

_CHUNK = 160
"""Rows that are summed at a time: a block of their slopes' columns fits the first-level cache."""


def gradient_function(step: Step, batch_size: int, inputs: int, size: int, precision: Precision) -> str:
    """Return text: dW = sum h^T slope, dU = sum x^T slope, db = sum slope, in rows `stride` numbers apart.

    States are [K, S, T+1, B, H], x [K, T, B, I], the tape [K, T, B, Z, H]; parameters of the step follow the biases.
    """
    e = Emitter(
        "gradients", precision, ["starts", "x", "states", "tape", "dW", "dU", "db"], ["lanes", "steps", "stride"]
    )
    line = step.slots * size
    columns = len(step.recurrent) * size, len(step.entering) * size, len(step.slopes) * size
    with e.loop("0", "%lanes") as lane:
        start = e.value(f"load i64, ptr {e.value(f'getelementptr inbounds i64, ptr %starts, i64 {lane}')}")
        targets = [e.at(f"%{name}", e.multiply(lane, "%stride")) for name in ("dW", "dU", "db")]
        held = e.multiply(e.add("%steps", 1), len(step.states) * batch_size * size)
        states, from_lane = e.at("%states", e.multiply(lane, held)), e.multiply(lane, "%steps")
        x = e.at("%x", e.multiply(from_lane, batch_size * inputs))
        tape = e.at("%tape", e.multiply(from_lane, batch_size * line))
        begin, end = e.multiply(start, batch_size), e.multiply("%steps", batch_size)
        for target, high, wide in zip(targets, (size, inputs, 1), columns, strict=True):
            _each(e, high, wide, None, target)
        with e.loop(begin, end, _CHUNK) as row:
            left = e.value(f"sub i64 {end}, {row}")
            count = e.value(f"select i1 {e.value(f'icmp slt i64 {left}, {_CHUNK}')}, i64 {left}, i64 {_CHUNK}")
            slopes = e.at(tape, e.multiply(row, line))
            entering = e.at(slopes, len(step.only_recurrent) * size)
            before, seen = e.at(states, e.multiply(row, size)), e.at(x, e.multiply(row, inputs))
            _each(e, size, columns[0], Term(count, before, 1, size, slopes, line), targets[0])
            _each(e, inputs, columns[1], Term(count, seen, 1, inputs, entering, line), targets[1])
            _each(e, 1, columns[2], Term(count, "@one", 0, 0, slopes, line), targets[2])
    return f"@one = private constant {e.scalar} 1.0\n" + e.text()


def _each(e: Emitter, rows: int, columns: int, term: Term | None, target: str) -> None:
    """Add a product to a matrix in memory; write zeros when there is none."""

    def place(tile: Tile, r: int, v: int) -> str:
        return e.at(target, e.multiply(tile.row, columns), tile.column + r * columns + v * e.width)

    def start(tile: Tile, r: int, _gate: int, v: int) -> str:
        return e.load(place(tile, r, v), tile.counts[v]) if term else "zeroinitializer"

    def finish(tile: Tile, vectors: Vectors) -> None:
        for r, (line,) in enumerate(vectors):
            for v, vector in enumerate(line):
                e.store(vector, place(tile, r, v), tile.counts[v])

    product(e, rows, columns, [term] if term else [], start, finish)
