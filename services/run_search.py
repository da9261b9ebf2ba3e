"""Which runs a list shows, and in which order, found in indexes alone; the rows of those are read by their ids.

What a list asks for comes down to some kinds and some final states (`run_scope`). Each pair of these is a range of an
index that lies in the list's order already, so a page is the merge of the first rows of a few ranges, however many runs
there are. Beyond `_MOST_RANGES` the order itself is walked: what so many combinations have is found soon.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, text

from services.errors import BadQuestion
from services.run_scope import ENDED, Scope, Status, all_kinds, oldest, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row, TextClause

_MOST_RANGES = 64
_FEW = {"runs": 300, "run_metrics": 1500}
"""Runs of sweeps that are looked up one by one. Those of larger ones lie together in the order by age, and make up
much of the order by a metric, so there the order is walked until the page is full."""
_OF_KINDS = "(kinds IN :kinds) IS TRUE"
"""A test of the truth, so that no index is taken for it: its rows would be out of order."""
_BEHIND_HEX = "g"
_MEMBERS = "{0} IN (SELECT run_id FROM sweep_runs WHERE sweep_id IN :sweeps)"
_MEMBER = "(SELECT 1 FROM sweep_runs WHERE sweep_runs.run_id = {0} AND sweep_id IN :sweeps LIMIT 1) IS NOT NULL"
"""The limit keeps PostgreSQL from joining all of the sweep before the first row."""
Position = tuple[float, str]
Values = dict[str, Any]


class _Order(NamedTuple):
    """By age, newest first, or by a metric."""

    table: str
    by: str
    key: str
    descending: bool
    metric: str | None = None

    @property
    def apart(self) -> bool:
        """Say whether runs are looked up one by one: a plus, which changes nothing, keeps indexes of the order away."""
        return self.by.startswith("+")


def find(conn: Connection, filters: Mapping[str, Any], after: Position | None, count: int) -> Sequence[Row[Any]]:
    """Return the first runs behind a position in the order: the row of each, and as `at` its time or number.

    Raises BadQuestion where a range has no metric, or another than the order.
    """
    order, scope = _order(filters), scope_of(conn, filters)
    if order.metric:
        scope = scope.ended()
    if scope.empty:
        return []
    if scope.prefix or 0 < scope.sweep_runs <= _FEW[order.table]:
        order = order._replace(by=f"+{order.by}")
    values: Values = {"metric": order.metric, "count": count}
    always = ["metric = :metric"] if order.metric else []
    for name, sign in (("below", "<"), ("above", ">")):
        if filters.get(name) is not None:
            always.append(f"{order.by} {sign} :{name}")
            values[name] = filters[name]
    if after is not None:
        always.append(f"({order.by}, {order.key}) {'<' if order.descending else '>'} (:after_at, :after_id)")
        values |= {"after_at": after[0], "after_id": after[1]}
    if scope.sweeps and not order.metric and not order.apart:
        always.append("created_at BETWEEN :oldest AND :newest")
        values |= {"oldest": oldest(conn, scope.sweeps), "newest": scope.newest}
    arms = _ranges(conn, order, scope, values) or _walks(order, scope, values)
    statement = " UNION ALL ".join(_part(order, [*always, *arm]) for arm in arms)
    ways = "DESC" if order.descending else "ASC"
    page = f"{statement} ORDER BY at {ways}, id {ways} LIMIT :count"
    rows = f"SELECT runs.*, page.at FROM ({page}) AS page JOIN runs ON runs.id = page.id"  # noqa: S608
    lists = tuple(name for name, value in values.items() if isinstance(value, tuple))
    return conn.execute(_statement(f"{rows} ORDER BY page.at {ways}, page.id {ways}", lists), values).all()


@lru_cache(maxsize=256)
def _statement(words: str, lists: tuple[str, ...]) -> TextClause:
    """Return a statement, taken apart once: some are kilobytes long."""
    return text(words).bindparams(*(bindparam(name, expanding=True) for name in lists))


def _order(filters: Mapping[str, Any]) -> _Order:
    asked, metric = filters.get("sort"), filters.get("metric")
    if asked and metric and asked.removeprefix("-") != metric:
        raise BadQuestion("sort", f"must be the metric of the range, {metric} or -{metric}", asked)
    named = asked or metric
    if named:
        return _Order("run_metrics", "value", "run_id", named.startswith("-"), named.removeprefix("-"))
    for name in ("below", "above"):
        if filters.get(name) is not None:
            raise BadQuestion(name, "needs a metric to be compared with", filters[name])
    return _Order("runs", "created_at", "id", descending=True)


def _ranges(conn: Connection, order: _Order, scope: Scope, values: Values) -> list[list[str]]:
    """Return the conditions of each range that is wanted whole; none where these are too many, or sweeps are asked."""
    if scope.sweeps is not None or scope.prefix:
        return []
    kinds, statuses = scope.kinds, scope.statuses
    if order.metric and (kinds, statuses) != (None, None):  # in its index kinds come first, then the outcome
        kinds = all_kinds(conn) if kinds is None else kinds
        statuses = ENDED if statuses is None else statuses
    ends = _ends(order, statuses, values)
    if kinds is None:
        return ends
    if len(kinds) * len(ends) > _MOST_RANGES:
        return []
    values |= {f"kinds_{i}": key for i, key in enumerate(kinds)}
    return [[f"kinds = :kinds_{i}", *end] for i, end in product(range(len(kinds)), ends)]


def _walks(order: _Order, scope: Scope, values: Values) -> list[list[str]]:
    """Return the conditions of a pass over the whole order, or over each state's part of it, a row at a time."""
    tests = _tests(order, scope, values)
    ends = _ends(order, scope.statuses, values)
    if not order.apart and not order.metric:
        return [[*end, *tests] for end in ends]
    either = " OR ".join(" AND ".join(end) for end in ends)
    return [[*tests, f"({either}) IS TRUE"] if scope.statuses is not None else tests]


def _ends(order: _Order, statuses: tuple[Status, ...] | None, values: Values) -> list[list[str]]:
    return [[]] if statuses is None else [_status(order, i, status, values) for i, status in enumerate(statuses)]


def _status(order: _Order, i: int, status: Status, values: Values) -> list[str]:
    values |= {f"outcome_{i}": status[1]} if status[1] else {}
    outcome = f"outcome_kind = :outcome_{i}" if status[1] else "outcome_kind IS NULL"
    if order.metric:
        return [outcome]
    values[f"state_{i}"] = status[0]
    return [f"state = :state_{i}", outcome]


def _tests(order: _Order, scope: Scope, values: Values) -> list[str]:
    """Return what each row is held to, but for its state."""
    tests = []
    if scope.kinds is not None:
        values["kinds"] = scope.kinds
        tests.append(_OF_KINDS)
    if scope.prefix:
        values |= {"prefix": scope.prefix, "behind": scope.prefix + _BEHIND_HEX}
        tests.append(f"{order.key} >= :prefix AND {order.key} < :behind")
    if scope.sweeps is not None:
        values["sweeps"] = scope.sweeps
        tests.append((_MEMBERS if order.apart else _MEMBER).format(f"{order.table}.{order.key}"))
    return tests


def _part(order: _Order, conditions: list[str]) -> str:
    """Return the first runs of a range."""
    ways = "DESC" if order.descending else "ASC"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return (  # only names of ours are put into it; what a client sent is bound
        f"SELECT at, id FROM (SELECT {order.by} AS at, {order.key} AS id FROM {order.table} {where}"  # noqa: S608
        f" ORDER BY {order.by} {ways}, {order.key} {ways} LIMIT :count) AS part"
    )
