"""Which runs a list shows, and in which order."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from services import small_sweeps
from services.json_lists import json_list, texts_of
from services.run_order import Cut, Order, Position, order_of
from services.run_ranges import PageQuery
from services.run_scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Column, Connection

    from services.run_scope import Scope

Found = list[tuple[float, "Sequence[Any]"]]


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
    if order.metric and 0 < scope.sweep_runs <= small_sweeps.MOST_RUNS:
        return _rows(conn, list(islice(_measured(conn, order.metric, order, scope, cut), count)), wanted)
    return [(row[0], row[1:]) for row in PageQuery(conn, order, scope, cut, count).rows(wanted)]


def _measured(conn: Connection, metric: str, order: Order, scope: Scope, cut: Cut) -> Iterator[Position]:
    """Yield where the runs of small sweeps are in the order of a metric."""
    rows = small_sweeps.measured(conn, scope.sweeps or (), metric)
    kinds, outcomes = scope.kinds, scope.statuses and {outcome for _, outcome in scope.statuses}
    for value, run_id, kind, outcome in reversed(rows) if order.descending else rows:
        place = value, run_id
        if (
            (kinds is None or kind in kinds)
            and (outcomes is None or outcome in outcomes)
            and run_id.startswith(scope.prefix)
            and cut.holds(place, descending=order.descending)
        ):
            yield place


def _rows(conn: Connection, places: list[Position], wanted: str) -> Found:
    """Return the columns of the runs at some positions."""
    statement = f"SELECT runs.id, {wanted} FROM runs WHERE runs.id IN ({texts_of(conn, 'ids')})"  # noqa: S608
    found = {row[0]: row[1:] for row in conn.execute(text(statement), {"ids": json_list(key for _, key in places)})}
    return [(at, found[key]) for at, key in places]
