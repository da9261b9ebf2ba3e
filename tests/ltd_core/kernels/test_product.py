"""Products in registers against numpy's, for sizes around those of tiles and vectors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.product import Term, Tile, Vectors, product
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import built, drawn, emitter


def storing(e: Emitter, columns: int, gates: int) -> Callable[[Tile, Vectors], None]:
    """Return an epilogue that writes C as [rows, gates, columns]."""

    def finish(tile: Tile, vectors: Vectors) -> None:
        for r, line in enumerate(vectors):
            for g, parts in enumerate(line):
                for v, vector in enumerate(parts):
                    row = e.multiply(e.add(tile.row, r), gates * columns)
                    e.store(vector, e.at("%out", row, g * columns + tile.column + v * e.width), tile.counts[v])

    return finish


@pytest.mark.parametrize("rows", [1, 6, 13])
@pytest.mark.parametrize("columns", [1, 8, 35])
def test_it_is_the_matrix_product(rows: int, columns: int) -> None:
    e = emitter("float64", "a b out", "depth")
    term = Term("%depth", "%a", 5, 1, "%b", columns)
    product(e, rows, columns, [term], lambda *_: e.constant(2.0), storing(e, columns, 1))
    run, a, b = built(e), drawn(rows, 5), drawn(5, columns, seed=1)
    for depth in (5, 0):
        out = torch.full((rows, columns), torch.nan, dtype=torch.float64)
        run(a, b, out, depth)
        torch.testing.assert_close(out, 2.0 + a[:, :depth] @ b[:depth], rtol=1e-13, atol=1e-14)


def test_a_may_be_transposed() -> None:
    e = emitter("float64", "a b out", "depth")
    product(e, 7, 9, [Term("%depth", "%a", 1, 7, "%b", 9)], lambda *_: "zeroinitializer", storing(e, 9, 1))
    a, b, out = drawn(4, 7), drawn(4, 9, seed=1), torch.zeros(7, 9, dtype=torch.float64)
    built(e)(a, b, out, 4)
    torch.testing.assert_close(out, a.T @ b, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("columns", [3, 17])
def test_gates_share_a_tile_and_terms_add_to_their_own_gates(columns: int) -> None:
    e = emitter("float64", "a b out", "depth")
    b_of_second = e.at("%b", 4 * 3 * columns)
    terms = [
        Term("%depth", "%a", 4, 1, "%b", 3 * columns, range(3)),
        Term("%depth", "%a", 4, 1, b_of_second, 2 * columns, range(1, 3)),
    ]
    product(e, 5, columns, terms, lambda _tile, _row, gate, _vector: e.constant(gate), storing(e, columns, 3), gates=3)
    a, first, second = drawn(5, 4), drawn(4, 3, columns, seed=1), drawn(4, 2, columns, seed=2)
    out = torch.zeros(5, 3, columns, dtype=torch.float64)
    built(e)(a, torch.cat([first.flatten(), second.flatten()]), out, 4)
    expected = torch.einsum("rk,kgc->rgc", a, first) + torch.arange(3).view(1, 3, 1)
    expected[:, 1:] += torch.einsum("rk,kgc->rgc", a, second)
    torch.testing.assert_close(out, expected, rtol=1e-13, atol=1e-14)
