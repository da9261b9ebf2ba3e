"""Traces of the tests' own: drawn, stored in blocks, damaged, and what numpy says of them."""

from __future__ import annotations

import numpy as np
from sqlalchemy import ColumnElement, Table, and_, select, update

from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.traces import reading, writing
from services.traces.rows import BLOCKS, PAGES, decoded

Figures = dict[str, np.ndarray]


def store(db: Database, run_id: str, name: str, values: np.ndarray, sizes: list[int], *, every: int = 1) -> None:
    """Append a trace in blocks of these sizes, repeated."""
    first = 0
    while first < len(values):
        size = sizes[first % len(sizes)]
        with db.write() as conn:
            part = values[first : first + size]
            writing.append(conn, {run_id: [TraceBlock(name, (first + 1) * every, every, part)]})
        first += size


def naive(values: np.ndarray, each: int) -> Figures:
    """Return the figures of cells of `each` points, one after the other; -inf, the logarithm of zero, is a value."""
    made: dict[str, list] = {name: [] for name in ("minimum", "maximum", "mean", "last", "nonfinite")}
    for first in range(0, len(values), each):
        part = values[first : first + each].astype(np.float64)
        finite = np.where(np.isfinite(part), part, np.nan)
        empty = np.isnan(finite).all(0)
        sound = np.where(empty, 0.0, finite)
        zero = np.isneginf(part).any(0)
        made["minimum"].append(np.where(zero, -np.inf, np.where(empty, np.nan, np.nanmin(sound, 0))))
        made["maximum"].append(np.where(empty, np.nan, np.nanmax(sound, 0)))
        made["mean"].append(np.where(zero, -np.inf, np.where(empty, np.nan, np.nanmean(sound, 0))))
        made["last"].append(part[-1])
        made["nonfinite"].append((~np.isfinite(part)).sum(0))
    return {name: np.array(column) for name, column in made.items()}


def agree(view: reading.TraceView, expected: Figures) -> None:
    """Hold a view's cells against the naive ones; a mean's rounding is relative to the largest point of its cell."""
    for name, figure in expected.items():
        if name == "mean":
            reach = np.fmax(np.abs(expected["minimum"]), np.abs(expected["maximum"]))
            assert np.array_equal(np.isnan(view.mean), np.isnan(figure))
            assert np.array_equal(np.isneginf(view.mean), np.isneginf(figure))
            known = np.isfinite(figure)
            assert not (np.abs(view.mean[known] - figure[known]) > (1e-6 * reach + 1e-43)[known]).any()
        else:
            np.testing.assert_array_equal(getattr(view, name), figure.astype(getattr(view, name).dtype), err_msg=name)


def rows(db: Database, run_id: str) -> dict[tuple[str, ...], bytes]:
    """Return the points of each trace, and every page."""
    found: dict[tuple[str, ...], list[bytes]] = {}
    with db.read() as conn:
        for row in conn.execute(select(BLOCKS).where(BLOCKS.c.run_id == run_id).order_by(BLOCKS.c.first_step)):
            found.setdefault((row.trace,), []).append(decoded(row).tobytes())
        for row in conn.execute(select(PAGES).where(PAGES.c.run_id == run_id)):
            found[row.trace, row.level, row.figure, row.page] = [bytes(row.payload)]
    return {key: b"".join(parts) for key, parts in found.items()}


def wild(count: int, *size: int) -> np.ndarray:
    """Return values with spikes, infinities and holes."""
    generator = np.random.default_rng(count)
    values = generator.normal(size=(count, *size)).astype(np.float32)
    values[generator.random(values.shape) < 0.02] = np.nan
    values[generator.random(values.shape) < 0.02] = np.inf
    values[generator.random(values.shape) < 0.02] *= 1e6
    return values


def damage(db: Database, of: Table, *where: ColumnElement[bool]) -> None:
    """Change one bit of every payload of some rows."""
    with db.write() as conn:
        for row in conn.execute(select(of).where(*where)).all():
            key = and_(*(of.c[column.name] == row._mapping[column.name] for column in of.primary_key))
            damaged = bytearray(row.payload)
            damaged[len(damaged) // 2] ^= 1
            conn.execute(update(of).where(key).values(payload=bytes(damaged)))
