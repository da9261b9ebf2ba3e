"""The matrix product in registers: C[rows, columns] = start + sum of A B, then an epilogue.

Several products that share A run side by side, one a gate, so that an epilogue sees all gates of a unit at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.machine import machine

_HIGHEST = 12
"""Rows of a tile at most: each is unrolled."""


@dataclass(frozen=True, slots=True)
class Term:
    """sum over k < count of A[row, k] B[k, column]; A at a + row * a_row + k * a_k, B at b + k * b_k + column.

    It adds to `gates`; the columns of the first of them come first in B, then those of the next.
    """

    count: str
    a: str
    a_row: int
    a_k: int
    b: str
    b_k: int
    gates: range = range(1)


@dataclass(frozen=True, slots=True)
class Tile:
    """A block of rows x vectors in registers: its first row (a value), its column, the numbers in each vector."""

    row: str
    rows: int
    column: int
    counts: tuple[int, ...]


class Spot(NamedTuple):
    """A vector of a tile, by its row and its place in the row."""

    row: int
    vector: int


Vectors = list[list[list[str]]]
"""By row of a tile, gate, and vector."""


def product(  # noqa: PLR0913, PLR0917 - a product has this many parts
    emitter: Emitter,
    rows: int,
    columns: int,
    terms: list[Term],
    start: Callable[[Tile, int, int, int], str],
    finish: Callable[[Tile, Vectors], None],
    gates: int = 1,
) -> None:
    """Write C tile by tile: start(tile, row, gate, vector) gives first values, finish(tile, vectors) uses the sums."""
    for column, counts in _columns(columns, emitter.width, gates):
        for first, last, height in _rows(rows, gates * len(counts)):
            with emitter.loop(str(first), str(last), height) as row:
                tile = Tile(row, height, column, counts)
                slots = [[[emitter.slot(emitter.vector) for _ in counts] for _ in range(gates)] for _ in range(height)]
                for r, line in enumerate(slots):
                    for g, parts in enumerate(line):
                        for v, slot in enumerate(parts):
                            emitter.do(f"store {emitter.vector} {start(tile, r, g, v)}, ptr {slot}")
                for term in terms:
                    _accumulate(emitter, tile, term, columns, slots)
                finish(tile, [[[_loaded(emitter, slot) for slot in g] for g in line] for line in slots])


def _accumulate(emitter: Emitter, tile: Tile, term: Term, columns: int, slots: Vectors) -> None:
    first = emitter.at(term.a, emitter.multiply(tile.row, term.a_row))
    with emitter.loop("0", term.count) as k:
        line = emitter.at(term.b, emitter.multiply(k, term.b_k), tile.column)
        vectors = [
            [emitter.load(emitter.at(line, i * columns + v * emitter.width), n) for v, n in enumerate(tile.counts)]
            for i in range(len(term.gates))
        ]
        place = emitter.at(first, emitter.multiply(k, term.a_k))
        for r, slot_line in enumerate(slots):
            where = emitter.at(place, r * term.a_row)
            scalar = emitter.splat(emitter.value(f"load {emitter.scalar}, ptr {where}, align 4"))
            for gate, parts in zip(term.gates, vectors, strict=True):
                for slot, vector in zip(slot_line[gate], parts, strict=True):
                    more = emitter.fma(scalar, vector, _loaded(emitter, slot))
                    emitter.do(f"store {emitter.vector} {more}, ptr {slot}")


def _loaded(emitter: Emitter, slot: str) -> str:
    return emitter.value(f"load {emitter.vector}, ptr {slot}")


def _columns(columns: int, width: int, gates: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield blocks of columns: where one begins, and how many numbers each of its vectors holds."""
    counts = [min(width, columns - first) for first in range(0, columns, width)]
    most = max(1, machine().tile_vectors // gates)
    for first in range(0, len(counts), most):
        yield first * width, tuple(counts[first : first + most])


def _rows(rows: int, vectors: int) -> Iterator[tuple[int, int, int]]:
    """Yield (first, last, height): blocks of equal height, preferring a height that divides the rows."""
    most = max(1, min(_HIGHEST, machine().tile_rows * machine().tile_vectors // vectors))
    height = next((h for h in range(most, max(most - 3, 0), -1) if rows % h == 0), min(most, rows))
    whole = rows - rows % height
    yield 0, whole, height
    if rows > whole:
        yield whole, rows, rows - whole
