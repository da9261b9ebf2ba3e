"""Rows of blocks and pages: what goes in comes out, and damage names its row."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ltd_core.trace import TraceBlock
from services.errors import TraceCorrupt
from services.traces.pyramid import FIGURES, QUANTILES, cells_of_points
from services.traces.rows import block_row, decoded, figures_in, page_cells, page_rows

VALUES = np.random.default_rng(0).normal(size=64).astype(np.float32)


def row_of(values: dict[str, Any]) -> Any:
    """Return what the database returns for these columns."""
    return SimpleNamespace(**values, _mapping=values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(64,), (16, 4), (0, 3)], ids=str)
def test_a_block_is_read_as_it_was_written(dtype: type, shape: tuple[int, ...]) -> None:
    values = VALUES[: np.prod(shape)].reshape(shape).astype(dtype)
    row = block_row("r" * 32, TraceBlock("loss", 3, 2, values))
    assert (row["first_step"], row["every"], row["last_step"]) == (3, 2, 3 + 2 * (len(values) - 1))
    for thoroughly in (False, True):
        read = decoded(row_of(row), thoroughly=thoroughly)
        assert (read.dtype, read.shape, read.tobytes()) == (values.dtype, shape, values.tobytes())


@pytest.mark.parametrize("size", [(), (2,)], ids=["curve", "array"])
def test_a_page_is_read_as_it_was_written(size: tuple[int, ...]) -> None:
    figures = FIGURES if size else (*FIGURES, QUANTILES)
    points = VALUES.reshape(-1, *size).copy()
    points[3] = np.nan
    cells = cells_of_points(points, 8, figures)
    rows = page_rows("r" * 32, "loss", 1, 0, cells)
    assert len(rows) == (len(FIGURES) if size else 2)  # what is read together is stored together
    read: dict[str, np.ndarray] = {}
    for row in rows:
        read |= figures_in(row_of(row), curve=not size)
    assert {name: array.tobytes() for name, array in read.items()} == {
        name: array.tobytes() for name, array in cells.figures.items()
    }


def test_a_damaged_row_is_named() -> None:
    row = block_row("r" * 32, TraceBlock("loss", 33, 1, VALUES))
    damaged = bytearray(row["payload"])
    damaged[len(damaged) // 2] ^= 1
    with pytest.raises(TraceCorrupt, match=f"trace loss of run {'r' * 32}, step 33: .*checksum"):
        decoded(row_of(row | {"payload": bytes(damaged)}))
    with pytest.raises(TraceCorrupt, match=r"step 33: .*does not fit"):
        decoded(row_of(row | {"shape": "[65]"}))
    with pytest.raises(TraceCorrupt, match="checksum"):
        decoded(row_of(row | {"checksum": "0" * 32}), thoroughly=True)


@pytest.mark.parametrize(("width", "cells"), [(0, 512), (1, 512), (100, 256), (1000, 32), (10**9, 8)])
def test_a_page_of_wide_points_has_fewer_cells(width: int, cells: int) -> None:
    assert page_cells(width) == cells
