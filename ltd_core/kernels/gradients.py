"""The gradients of a recurrence's weights: sums over all steps and sequences, from slopes that lie on the tape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.product import Term, Tile, Vectors, product
from ltd_core.kernels.shape import Shape

_CHUNK = 160
"""Rows that are summed at a time: a block of their slopes' columns fits the first-level cache."""


def gradient_function(shape: Shape, name: str) -> str:
    """Return a function that sums dW = h^T slope for every delay, dU = x^T slope, db = slope, also for parameters.

    States are [S, T+1, B, H], x [T, B, I], the tape [T, B, Z, H].
    """
    step, size, line = shape.step, shape.size, shape.line
    e = Emitter(name, shape.precision, ["x", "states", "tape", "dW", "dU", "db"], ["start", "steps"])
    sums = len(step.slopes) * size
    each(e, len(shape.delays) * size, shape.recurrent, None, "%dW")
    each(e, shape.inputs, shape.entering, None, "%dU")
    each(e, 1, sums, None, "%db")
    with chunks(e, shape, "%start") as (row, count):
        slopes = e.at("%tape", e.multiply(row, line))
        if shape.delays[0] == 1:
            _past(e, shape, 0, row, count)
        entering = e.at(slopes, len(step.only_recurrent) * size)
        seen = e.at("%x", e.multiply(row, shape.inputs))
        each(e, shape.inputs, shape.entering, Term(count, seen, 1, shape.inputs, entering, line), "%dU")
        each(e, 1, sums, Term(count, "@one", 0, 0, slopes, line), "%db")
    for delay_index, delay in enumerate(shape.delays):
        if delay > 1:
            with chunks(e, shape, e.add("%start", delay - 1)) as (row, count):
                _past(e, shape, delay_index, row, count)
    return e.text()


@contextmanager
def chunks(e: Emitter, shape: Shape, first: str) -> Iterator[tuple[str, str]]:
    """Repeat for blocks of rows, a sequence at a step each, from a step on: where one begins, and its count."""
    end = e.multiply("%steps", shape.batch_size)
    with e.loop(e.multiply(first, shape.batch_size), end, _CHUNK) as row:
        left = e.value(f"sub i64 {end}, {row}")
        yield row, e.value(f"select i1 {e.value(f'icmp slt i64 {left}, {_CHUNK}')}, i64 {left}, i64 {_CHUNK}")


def _past(e: Emitter, shape: Shape, delay_index: int, row: str, count: str) -> None:
    """Add to the gradient of one delay's matrix."""
    begin = e.add(row, (1 - shape.delays[delay_index]) * shape.batch_size)
    before = e.at("%states", e.multiply(begin, shape.size))
    slopes = e.at("%tape", e.multiply(row, shape.line))
    target = e.at("%dW", delay_index * shape.size * shape.recurrent)
    each(e, shape.size, shape.recurrent, Term(count, before, 1, shape.size, slopes, shape.line), target)


def each(e: Emitter, rows: int, columns: int, term: Term | None, target: str) -> None:
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
