"""The statement that finds a page of runs in indexes alone, and then reads the rows of these by their ids.

What a list asks for comes down to some kinds and some final states (`run_scope`). Each pair of these is a range of an
index that lies in the list's order already, so a page is the merge of the first rows of a few ranges, however many runs
there are. Beyond `_MOST_RANGES` the order itself is walked: what so many combinations have is found soon.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from services.json_lists import json_list, texts_of
from services.run_kinds import all_kinds
from services.run_scope import ENDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, TextClause

    from services.run_order import Cut, Order
    from services.run_scope import Scope, Status

_MOST_RANGES, _MOST_OF_FEW = 64, 200
"""The second where the states are those that few runs are in: a walk would look at very many in vain. Of PostgreSQL,
which plans them as one range."""
_FEW = 300
"""Runs of sweeps that are looked up one by one in the order by age. Those of larger ones lie together there, so it is
walked until the page is full; so is the order by a metric, of which runs of large sweeps make up much."""
_OF_KINDS = "(kinds IN ({0})) IS TRUE"
"""A test of the truth, so that no index is taken for it: its rows would be out of order."""
_OF_EACH = "kinds = wanted.kinds"
_EACH = "({0}) AS wanted (kinds) CROSS JOIN LATERAL"
"""Ranges that differ in their kinds alone: dozens of them would take PostgreSQL longer to plan than to read."""
_BEHIND_HEX = "g"
_MEMBERS = "{0} IN (SELECT run_id FROM sweep_runs WHERE sweep_id IN :sweeps)"
_MEMBER = "(SELECT 1 FROM sweep_runs WHERE sweep_runs.run_id = {0} AND sweep_id IN :sweeps LIMIT 1) IS NOT NULL"
"""The limit keeps PostgreSQL from joining all of the sweep before the first row."""


class PageQuery:
    """A question for the first runs of an order; what a client sent is bound, never in its words."""

    def __init__(self, conn: Connection, order: Order, scope: Scope, cut: Cut, count: int) -> None:
        self._conn, self._scope, self._cut = conn, scope, cut
        self._apart = bool(scope.prefix) or 0 < scope.sweep_runs <= _FEW
        """Whether runs are looked up one by one: a plus, which changes nothing, keeps indexes of the order away."""
        self._order = order._replace(by=f"+{order.by}") if self._apart else order
        self._values: dict[str, Any] = {"metric": order.metric, "count": count}

    def rows(self, wanted: str) -> Sequence[Row[Any]]:
        """Return of each run its time or number, and the wanted columns."""
        always, way = self._always(), self._order.way
        parts = " UNION ALL ".join(self._part([*always, *arm]) for arm in self._ranges() or self._walks())
        page = f"{parts} ORDER BY at {way}, id {way} LIMIT :count"
        words = (
            f"SELECT page.at, {wanted} FROM ({page}) AS page JOIN runs ON runs.id = page.id"  # noqa: S608
            f" ORDER BY page.at {way}, page.id {way}"
        )
        lists = tuple(name for name, value in self._values.items() if isinstance(value, tuple))
        return self._conn.execute(_statement(words, lists), self._values).all()

    def _always(self) -> list[str]:
        """Return what every row has, wherever it is found."""
        order, scope, (below, above, after) = self._order, self._scope, self._cut
        always = ["metric = :metric"] if order.metric else []
        for name, sign, value in (("below", "<", below), ("above", ">", above)):
            if value is not None:
                always.append(f"{order.by} {sign} :{name}")
                self._values[name] = value
        if after is not None:
            always.append(f"({order.by}, {order.key}) {'<' if order.descending else '>'} (:after_at, :after_id)")
            self._values |= {"after_at": after[0], "after_id": after[1]}
        if scope.sweeps and not order.metric and not self._apart:
            always.append("created_at BETWEEN :oldest AND :newest")
            self._values |= {"oldest": scope.oldest, "newest": scope.newest}
        return always

    def _ranges(self) -> list[list[str]]:
        """Return the conditions of each range that is wanted whole; none where these are too many, or of sweeps."""
        kinds, statuses = self._scope.kinds, self._scope.statuses
        if self._scope.sweeps is not None or self._scope.prefix:
            return []
        if self._order.metric and (kinds, statuses) != (None, None):  # in its index kinds come first, then the outcome
            kinds = tuple(sorted(all_kinds(self._conn).keys)) if kinds is None else kinds
            statuses = ENDED if statuses is None else statuses
        ends = self._ends(statuses)
        if kinds is None:
            return ends
        together = self._conn.dialect.name == "postgresql"
        few = together and not set(statuses or ENDED).intersection(ENDED)
        if len(kinds) * len(ends) > (_MOST_OF_FEW if few else _MOST_RANGES):
            return []
        if together:
            self._values["wanted"] = json_list(kinds)
            return [[_OF_EACH, *end] for end in ends]
        self._values |= {f"kinds_{i}": key for i, key in enumerate(kinds)}
        return [[f"kinds = :kinds_{i}", *end] for i, end in product(range(len(kinds)), ends)]

    def _walks(self) -> list[list[str]]:
        """Return the conditions of a pass over the whole order, or over each state's part of it, a row at a time."""
        tests, ends = self._tests(), self._ends(self._scope.statuses)
        if not self._apart and not self._order.metric:
            return [[*end, *tests] for end in ends]
        either = " OR ".join(" AND ".join(end) for end in ends)
        return [[*tests, f"({either}) IS TRUE"] if self._scope.statuses is not None else tests]

    def _ends(self, statuses: tuple[Status, ...] | None) -> list[list[str]]:
        return [[]] if statuses is None else [self._status(i, status) for i, status in enumerate(statuses)]

    def _status(self, i: int, status: Status) -> list[str]:
        self._values |= {f"outcome_{i}": status[1]} if status[1] else {}
        outcome = f"outcome_kind = :outcome_{i}" if status[1] else "outcome_kind IS NULL"
        if self._order.metric:
            return [outcome]
        self._values[f"state_{i}"] = status[0]
        return [f"state = :state_{i}", outcome]

    def _tests(self) -> list[str]:
        """Return what each row is held to, but for its state."""
        order, scope, tests = self._order, self._scope, list[str]()
        if scope.kinds is not None:
            self._values["kinds"] = json_list(scope.kinds)
            tests.append(_OF_KINDS.format(texts_of(self._conn, "kinds")))
        if scope.prefix:
            self._values |= {"prefix": scope.prefix, "behind": scope.prefix + _BEHIND_HEX}
            tests.append(f"{order.key} >= :prefix AND {order.key} < :behind")
        if scope.sweeps is not None:
            self._values["sweeps"] = scope.sweeps
            tests.append((_MEMBERS if self._apart else _MEMBER).format(f"{order.table}.{order.key}"))
        return tests

    def _part(self, conditions: list[str]) -> str:
        """Return the first runs of a range, or of a range for each kind."""
        order = self._order
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        each = _EACH.format(texts_of(self._conn, "wanted")) if _OF_EACH in conditions else ""
        return (
            f"SELECT at, id FROM {each} (SELECT {order.by} AS at, {order.key} AS id FROM {order.table} {where}"  # noqa: S608
            f" ORDER BY {order.by} {order.way}, {order.key} {order.way} LIMIT :count) AS part"
        )


@lru_cache(maxsize=256)
def _statement(words: str, lists: tuple[str, ...]) -> TextClause:
    """Return a statement, taken apart once: some are kilobytes long."""
    return text(words).bindparams(*(bindparam(name, expanding=True) for name in lists))
