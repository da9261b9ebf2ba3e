"""The rows in which a trace is stored: blocks of its points, and pages of its pyramid, each a checked array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from ltd_core.trace import TraceBlock
from services.database.models import TraceBlockRow, TracePageRow, table
from services.errors import TraceCorrupt
from services.traces.codec import Array, check, checks_itself, checksum, decode, encode
from services.traces.pyramid import FIGURES, QUANTILES, Cells

BLOCKS, PAGES = table(TraceBlockRow), table(TracePageRow)
FACTOR_BITS = 5
FACTOR = 2**FACTOR_BITS
"""Cells of a level in one of the next; points in a cell of level 1."""
_PAGE_NUMBERS = 2**15
_SMALLEST_PAGE, _LARGEST_PAGE = 8, 512


def page_cells(width: int) -> int:
    """Return the number of cells on a page, a power of two, for points of `width` numbers."""
    return min(max(1 << (max(_PAGE_NUMBERS // max(width, 1), 1).bit_length() - 1), _SMALLEST_PAGE), _LARGEST_PAGE)


def block_row(run_id: str, block: TraceBlock) -> dict[str, Any]:
    """Return the row of a block of points."""
    steps = {"first_step": block.first_step, "last_step": block.last_step, "every": block.every}
    return {"run_id": run_id, "trace": block.name, **steps, **_array(block.values)}


def figure_rows(*, curve: bool) -> dict[str, tuple[str, ...]]:
    """Return the figures in each row of a page, by the row's name.

    A curve's are short and read together, so they share a row; of an array, a picture reads the one that it shows.
    """
    return {"figures": FIGURES, QUANTILES: (QUANTILES,)} if curve else {name: (name,) for name in FIGURES}


def page_rows(run_id: str, trace: str, level: int, page: int, cells: Cells) -> list[dict[str, Any]]:
    """Return the rows of a page with every figure."""
    key = {"run_id": run_id, "trace": trace, "level": level, "page": page}
    kind = cells.figures["last"].dtype
    rows = []
    for name, members in figure_rows(curve=QUANTILES in cells.figures).items():
        arrays = [cells.figures[member] for member in members]
        together = np.stack([array.astype(kind) for array in arrays]) if len(members) > 1 else arrays[0]
        rows.append({**key, "figure": name, **_array(together)})
    return rows


def figures_in(row: Any, *, curve: bool) -> dict[str, Array]:
    """Return the figures of a page's row; raises TraceCorrupt naming it."""
    members, array = figure_rows(curve=curve)[row.figure], decoded(row)
    if len(members) == 1:
        return {members[0]: array}
    figures = dict(zip(members, array, strict=True))
    return figures | {"nonfinite": figures["nonfinite"].astype(np.uint32)}


def decoded(row: Any, *, thoroughly: bool = False) -> Array:
    """Return the array of a block or page; `thoroughly` checks the row's long checksum too. Raises TraceCorrupt."""
    try:
        if thoroughly or not checks_itself(row.payload):
            check(row.payload, row.checksum)
        return decode(row.payload, row.dtype, tuple(orjson.loads(row.shape)))
    except TraceCorrupt as error:
        raise TraceCorrupt(f"{name_of(row._mapping)}: {error}") from error  # noqa: SLF001 - a public name
    except (TypeError, ValueError) as error:
        where = name_of(row._mapping)  # noqa: SLF001
        raise TraceCorrupt(f"{where}: {row.dtype} of shape {row.shape} does not fit its bytes") from error


def name_of(row: Mapping[str, Any]) -> str:
    """Return the block or page that a row holds, for messages."""
    where = f"step {row['first_step']}" if "first_step" in row else "level {level}, {figure}, page {page}".format(**row)
    return f"trace {row['trace']} of run {row['run_id']}, {where}"


def _array(array: Array) -> dict[str, Any]:
    payload = encode(array)
    shape = orjson.dumps(array.shape).decode()
    return {"dtype": array.dtype.str, "shape": shape, "checksum": checksum(payload), "payload": payload}
