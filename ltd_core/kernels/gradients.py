"""The gradients of a recurrence's weights: sums over all steps and sequences, from slopes that lie on the tape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.product import Term, Tile, Vectors, product

if TYPE_CHECKING:
    from ltd_core.kernels.shape import Shape

_CHUNK = 160
"""Rows that are summed at a time: a block of their slopes' columns fits the first-level cache."""


def gradient_function(shape: Shape) -> str:
    """Return "gradients": dW = sum h^T slope, dU = sum x^T slope, db = sum slope, also for the step's parameters.

    States are [S, T+1, B, H], x [T, B, I], the tape [T, B, Z, H].
    """
    step, size, line = shape.step, shape.size, shape.line
    e = Emitter("gradients", shape.precision, ["x", "states", "tape", "dW", "dU", "db"], ["start", "steps"])
    columns = len(step.recurrent) * size, len(step.entering) * size, len(step.slopes) * size
    for target, high, wide in zip(("%dW", "%dU", "%db"), (size, shape.inputs, 1), columns, strict=True):
        _each(e, high, wide, None, target)
    end = e.multiply("%steps", shape.batch_size)
    with e.loop(e.multiply("%start", shape.batch_size), end, _CHUNK) as row:
        left = e.value(f"sub i64 {end}, {row}")
        count = e.value(f"select i1 {e.value(f'icmp slt i64 {left}, {_CHUNK}')}, i64 {left}, i64 {_CHUNK}")
        slopes = e.at("%tape", e.multiply(row, line))
        entering = e.at(slopes, len(step.only_recurrent) * size)
        before, seen = e.at("%states", e.multiply(row, size)), e.at("%x", e.multiply(row, shape.inputs))
        _each(e, size, columns[0], Term(count, before, 1, size, slopes, line), "%dW")
        _each(e, shape.inputs, columns[1], Term(count, seen, 1, shape.inputs, entering, line), "%dU")
        _each(e, 1, columns[2], Term(count, "@one", 0, 0, slopes, line), "%db")
    return e.text()


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
