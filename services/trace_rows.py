"""The rows in which a trace is stored: blocks of its points, and pages of its pyramid, each a checked array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from services.errors import TraceCorrupt
from services.models import TraceBlockRow, TracePageRow, table
from services.trace_codec import checksum, decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.trace import TraceBlock
    from services.pyramid import Cells
    from services.trace_codec import Array

BLOCKS, PAGES = table(TraceBlockRow), table(TracePageRow)
FACTOR_BITS = 5
FACTOR = 2**FACTOR_BITS
"""Cells of a level that make one of the next; a cell of level 1 is of so many points."""
_PAGE_NUMBERS = 2**15
_SMALLEST_PAGE, _LARGEST_PAGE = 8, 512


def page_cells(width: int) -> int:
    """Return the cells on a page of a trace whose points are of so many numbers: a power of two."""
    return min(max(1 << (max(_PAGE_NUMBERS // max(width, 1), 1).bit_length() - 1), _SMALLEST_PAGE), _LARGEST_PAGE)


def block_row(run_id: str, block: TraceBlock) -> dict[str, Any]:
    """Return the row of a block of points."""
    steps = {"first_step": block.first_step, "last_step": block.last_step, "every": block.every}
    return {"run_id": run_id, "trace": block.name, **steps, **_array(block.values)}


def page_rows(run_id: str, trace: str, level: int, page: int, cells: Cells) -> list[dict[str, Any]]:
    """Return the rows of a page, one a figure, so that a reader takes only what it shows."""
    key = {"run_id": run_id, "trace": trace, "level": level, "page": page}
    return [{**key, "figure": name, **_array(figure)} for name, figure in cells.figures.items()]


def decoded(row: Any) -> Array:  # noqa: ANN401 - SQLAlchemy's row
    """Return the array of a row of either table; raises TraceCorrupt naming it."""
    payload, said = bytes(row.payload), row._mapping  # noqa: SLF001 - SQLAlchemy's public name
    if checksum(payload) != row.checksum:
        raise TraceCorrupt(f"{place(said)}: the checksum does not match")
    try:
        return decode(payload, row.dtype, tuple(orjson.loads(row.shape)))
    except (TypeError, ValueError) as error:
        raise TraceCorrupt(f"{place(said)}: {row.dtype} of shape {row.shape} does not fit its bytes") from error


def place(row: Mapping[str, Any]) -> str:
    """Return which block or page a row is, in words."""
    where = f"step {row['first_step']}" if "first_step" in row else "level {level}, {figure}, page {page}".format(**row)
    return f"trace {row['trace']} of run {row['run_id']}, {where}"


def _array(array: Array) -> dict[str, Any]:
    payload = encode(array)
    shape = orjson.dumps(array.shape).decode()
    return {"dtype": array.dtype.str, "shape": shape, "checksum": checksum(payload), "payload": payload}
