"""Which runs a list shows, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import text

from services.database.rows import json_list, strings_of
from services.lists.order import Cut, Order, Position, order_of
from services.lists.ranges import PageQuery
from services.lists.scope import scope_of
from services.sweeps.metric_values import measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, Connection

    from services.lists.scope import Scope

Found = list[tuple[float, "Sequence[Any]"]]
_SMALL_SWEEPS = 1500
"""Runs of sweeps that are sorted by a metric in memory; more of them make up so much of its order that it is walked."""


def find(
    conn: Connection, filters: Mapping[str, Any], after: Position | None, count: int, columns: Sequence[Column[Any]]
) -> Found:
    """Return the first runs behind a position in the order: of each its time or number, and its columns.

    Raises BadQuestion where a range has no metric, or another than the order.
    """
    order, scope = order_of(filters), scope_of(conn, filters)
    if order.metric:
        scope = scope.ended()
    if scope.empty:
        return []
    cut, wanted = Cut(filters.get("below"), filters.get("above"), after), ", ".join(map(str, columns))
    if order.metric and 0 < scope.sweep_runs <= _SMALL_SWEEPS:
        return _rows(conn, _of_sweeps(conn, order, scope, cut, count), wanted)
    return [(row[0], row[1:]) for row in PageQuery(conn, order, scope, cut, count).rows(wanted)]


def _of_sweeps(conn: Connection, order: Order, scope: Scope, cut: Cut, count: int) -> list[Position]:
    """Return where the first runs of small sweeps are in the order of a metric."""
    runs = measured(conn, scope.sweeps or (), order.metric or "")
    values, ids = runs["value"], runs["id"]
    fits = np.strings.startswith(ids, scope.prefix.encode())
    if scope.kinds is not None:
        fits &= np.isin(runs["kinds"], np.array(scope.kinds, "S"))
    if scope.statuses is not None:
        fits &= np.isin(runs["outcome"], np.array([outcome for _, outcome in scope.statuses], "S"))
    if cut.below is not None:
        fits &= values < cut.below
    if cut.above is not None:
        fits &= values > cut.above
    if cut.after is not None:
        at, last = cut.after[0], cut.after[1].encode()
        beyond, behind = (values < at, ids < last) if order.descending else (values > at, ids > last)
        fits &= beyond | ((values == at) & behind)
    places = np.lexsort((ids, values))
    places = places[::-1] if order.descending else places
    return [(float(values[i]), ids[i].decode()) for i in places[fits[places]][:count]]


def _rows(conn: Connection, places: list[Position], wanted: str) -> Found:
    """Return the columns of the runs at some positions."""
    statement = f"SELECT runs.id, {wanted} FROM runs WHERE runs.id IN ({strings_of(conn, 'ids')})"  # noqa: S608
    found = {row[0]: row[1:] for row in conn.execute(text(statement), {"ids": json_list(key for _, key in places)})}
    return [(at, found[key]) for at, key in places]
