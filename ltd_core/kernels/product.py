"""The matrix product in registers: C[rows, columns] = start + sum of A B, then an epilogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltd_core.kernels.machine import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ltd_core.kernels.emitter import Emitter


@dataclass(frozen=True, slots=True)
class Term:
    """sum over k < count of A[row, k] B[k, column]; A at a + row * a_row + k * a_k, B at b + k * b_k + column."""

    count: str
    a: str
    a_row: int
    a_k: int
    b: str
    b_k: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A block of rows x vectors in registers: its first row (a value), its column, the numbers in each vector."""

    row: str
    rows: int
    column: int
    counts: tuple[int, ...]


def product(  # noqa: PLR0913, PLR0917 - a product has this many parts
    emitter: Emitter,
    rows: int,
    columns: int,
    terms: list[Term],
    start: Callable[[Tile, int, int], str],
    finish: Callable[[Tile, list[list[str]]], None],
) -> None:
    """Write C tile by tile: start(tile, r, v) gives a vector's first value, finish(tile, vectors) uses the result."""
    for column, counts in _columns(columns, emitter.width):
        for first, last, height in _rows(rows):
            with emitter.loop(str(first), str(last), height) as row:
                tile = Tile(row, height, column, counts)
                slots = [[emitter.slot(emitter.vector) for _ in counts] for _ in range(height)]
                for r, line in enumerate(slots):
                    for v, slot in enumerate(line):
                        emitter.do(f"store {emitter.vector} {start(tile, r, v)}, ptr {slot}")
                for term in terms:
                    _accumulate(emitter, tile, term, slots)
                finish(tile, [[emitter.value(f"load {emitter.vector}, ptr {slot}") for slot in line] for line in slots])


def _accumulate(emitter: Emitter, tile: Tile, term: Term, slots: list[list[str]]) -> None:
    first = emitter.at(term.a, emitter.multiply(tile.row, term.a_row))
    with emitter.loop("0", term.count) as k:
        line = emitter.at(term.b, emitter.multiply(k, term.b_k), tile.column)
        vectors = [emitter.load(emitter.at(line, v * emitter.width), count) for v, count in enumerate(tile.counts)]
        place = emitter.at(first, emitter.multiply(k, term.a_k))
        for r, slot_line in enumerate(slots):
            scalar = emitter.splat(
                emitter.value(f"load {emitter.scalar}, ptr {emitter.at(place, r * term.a_row)}, align 4")
            )
            for slot, vector in zip(slot_line, vectors, strict=True):
                before = emitter.value(f"load {emitter.vector}, ptr {slot}")
                emitter.do(f"store {emitter.vector} {emitter.fma(scalar, vector, before)}, ptr {slot}")


def _columns(columns: int, width: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield blocks of columns: where one begins, and the how many numbers each of its vectors holds."""
    counts = [min(width, columns - first) for first in range(0, columns, width)]
    most = machine().tile_vectors
    for first in range(0, len(counts), most):
        yield first * width, tuple(counts[first : first + most])


def _rows(rows: int) -> Iterator[tuple[int, int, int]]:
    """Yield (first, last, height): blocks of equal height, preferring a height that divides the rows."""
    most = machine().tile_rows
    height = next((h for h in (most, most - 1, most - 2) if rows % h == 0), min(most, rows))
    whole = rows - rows % height
    yield 0, whole, height
    if rows > whole:
        yield whole, rows, rows - whole
