"""A page of runs: one SQL query, but for the runs of small sweeps by a metric, which are sorted in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from services.database.engine import Database
from services.database.rows import json_list, strings_of
from services.lists.cursor import Position, read_cursor, write_cursor
from services.lists.plan import PageQuery
from services.lists.question import ListQuestion
from services.lists.scope import Scope, scope_of
from services.runs.queries import COLUMNS, RunView
from services.sweeps.metric_values import measured

_SMALL_SWEEPS = 1500
"""Runs of sweeps that are sorted in memory; more of them are such a share of a metric's index that it is scanned."""
_COLUMNS = ", ".join(map(str, COLUMNS))


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs in a list's order, and the cursor of the next page."""

    runs: list[RunView]
    next: str | None


def list_runs(db: Database, question: ListQuestion, cursor: str | None = None, limit: int = 50) -> Page:
    """Return a page of runs; raises BadCursor."""
    after = read_cursor(cursor) if cursor else None
    with db.read() as conn:
        rows = _rows(conn, question, after, limit + 1)
    runs = [RunView._make(row[1:]) for row in rows[:limit]]
    return Page(runs, write_cursor((rows[limit - 1][0], runs[-1].id)) if len(rows) > limit else None)


def _rows(conn: Connection, question: ListQuestion, after: Position | None, count: int) -> Sequence[Sequence[Any]]:
    """Return the first runs behind a position: of each the number that it is sorted by, then its columns."""
    scope = scope_of(conn, question)
    if scope.empty:
        return []
    if question.order.metric and 0 < scope.sweep_runs <= _SMALL_SWEEPS:
        return _read(conn, _sorted_in_memory(conn, question, scope, after, count))
    return PageQuery(conn, question, scope, after, count).rows(_COLUMNS)


def _sorted_in_memory(
    conn: Connection, question: ListQuestion, scope: Scope, after: Position | None, count: int
) -> list[Position]:
    """Return where the first runs of small sweeps stand in the order of a metric."""
    order = question.order
    runs = measured(conn, scope.sweeps or (), order.metric or "")
    values, ids = runs["value"], runs["id"]
    chosen = np.strings.startswith(ids, scope.prefix.encode())
    if scope.kinds is not None:
        chosen &= np.isin(runs["kinds"], np.array(scope.kinds, "S"))
    if scope.statuses is not None:
        chosen &= np.isin(runs["outcome"], np.array([outcome for _, outcome in scope.statuses], "S"))
    if question.below is not None:
        chosen &= values < question.below
    if question.above is not None:
        chosen &= values > question.above
    if after is not None:
        value, last = after[0], after[1].encode()
        beyond, behind = (values < value, ids < last) if order.descending else (values > value, ids > last)
        chosen &= beyond | ((values == value) & behind)
    values, ids = values[chosen], ids[chosen]
    ranks = np.lexsort((ids, values))
    ranks = (ranks[::-1] if order.descending else ranks)[:count]
    return list(zip(values[ranks].tolist(), (key.decode() for key in ids[ranks]), strict=True))


def _read(conn: Connection, positions: list[Position]) -> list[Sequence[Any]]:
    statement = f"SELECT runs.id, {_COLUMNS} FROM runs WHERE runs.id IN ({strings_of(conn, 'ids')})"  # noqa: S608
    found = conn.execute(text(statement), {"ids": json_list(key for _, key in positions)})
    by_id = {row[0]: row[1:] for row in found}
    return [(value, *by_id[key]) for value, key in positions]
