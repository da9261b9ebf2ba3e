"""The SQL of a page of runs: it finds ids in indexes alone, then reads the rows of these.

| question                                 | plan                                                                     |
|------------------------------------------|--------------------------------------------------------------------------|
| the beginning of an id; sweeps of few    | Look up: find these runs one by one, and sort them.                      |
| runs                                     |                                                                          |
| any kinds and states, in few             | Merge: each combination is a range of an index, in which rows are in the |
| combinations                             | list's order already; take the first rows of each.                       |
| the same, in many combinations           | Scan: go through the list's order and test each row. So many             |
|                                          | combinations are common enough that a page is full soon. By age, one     |
|                                          | scan a state.                                                            |
| sweeps of many runs                      | Scan: by age from the first of their runs to the last, where they are    |
|                                          | contiguous; by a metric, of which they are a large share.                |

The indexes of `runs` begin with kinds, then the state and outcome, then (created_at, id), or leave some of that out.
Those of `run_metrics` begin with the metric and end with (value, run_id); between these, one has kinds and the outcome.
Only ended runs have metrics, so the outcome stands for the state there.

The planners do not choose between these by themselves: without help they sort all the rows that meet a condition, or
scan an order in which hardly a row meets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from sqlalchemy import Connection, Row, TextClause, bindparam, text

from services.database.rows import json_list, strings_of
from services.lists.cursor import Position
from services.lists.question import ListQuestion, Order
from services.lists.scope import ENDED, Scope, Status
from services.runs.kinds import all_kinds

_MOST_LOOKED_UP = 300
"""Sweeps of up to so many runs are looked up run by run; larger ones are scanned."""
_MOST_MERGED = 64
"""So many ranges are merged; a scan is faster than more of them."""
_MOST_MERGED_RARE = 200
"""The same where only queued, running, failed or cancelled runs are asked for: these are few, so that a scan would test
many rows in vain. On PostgreSQL alone, which plans the ranges of any number of kinds as one."""
_AFTER_HEX = "g"
_IN_SWEEPS = "{0} IN (SELECT run_id FROM sweep_runs WHERE sweep_id IN :sweeps)"
_SCANNED_IN_SWEEPS = (
    "(SELECT 1 FROM sweep_runs WHERE sweep_runs.run_id = {0} AND sweep_id IN :sweeps LIMIT 1) IS NOT NULL"
)
"""The limit keeps PostgreSQL from joining all of the sweep before it returns the first row."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A subquery whose rows are in the list's order: a range of an index, or a scan."""

    conditions: tuple[str, ...]
    each_kind: bool = False
    """On PostgreSQL, a range for each of the kinds (LATERAL): dozens of subqueries take longer to plan than to run."""


@dataclass(frozen=True)
class PageQuery:
    """The query of the first `count` runs behind a position; what a client sent is bound, never part of the SQL."""

    conn: Connection
    question: ListQuestion
    scope: Scope
    after: Position | None
    count: int

    def rows(self, columns: str) -> Sequence[Row[Any]]:
        """Return of each run the number that it is sorted by, then the columns."""
        direction = self._order.direction
        parts = " UNION ALL ".join(map(self._select, self._parts()))
        sql = (
            f"SELECT page.at, {columns} FROM ({parts} ORDER BY at {direction}, id {direction} LIMIT :count) AS page"  # noqa: S608
            f" JOIN runs ON runs.id = page.id ORDER BY page.at {direction}, page.id {direction}"
        )
        return self.conn.execute(_statement(sql), self._parameters()).all()

    @cached_property
    def _order(self) -> Order:
        return self.question.order

    @property
    def _looks_up(self) -> bool:
        return bool(self.scope.prefix) or 0 < self.scope.sweep_runs <= _MOST_LOOKED_UP

    def _parts(self) -> list[_Part]:
        statuses = self.scope.statuses
        if self.scope.sweeps is None and not self.scope.prefix and (ranges := self._ranges()):
            return ranges
        tests = tuple(self._tests())
        if statuses is None:
            return [_Part(tests)]
        if self._looks_up or self._order.metric:
            # IS TRUE hides a condition from the planner: its index has another order
            return [_Part((*tests, f"({' OR '.join(map(self._with_status, statuses))}) IS TRUE"))]
        return [_Part((self._with_status(status), *tests)) for status in statuses]

    def _ranges(self) -> list[_Part]:
        """Return the ranges to merge, or none where there are too many."""
        kinds, statuses = self._kinds, self.scope.statuses
        if self._order.metric and kinds is not None and statuses is None:
            statuses = ENDED
        ends = [()] if statuses is None else [(self._with_status(status),) for status in statuses]
        if kinds is None:
            return [_Part(end) for end in ends]
        postgresql = self.conn.dialect.name == "postgresql"
        rare = postgresql and not set(statuses or ENDED).intersection(ENDED)
        if len(kinds) * len(ends) > (_MOST_MERGED_RARE if rare else _MOST_MERGED):
            return []
        if postgresql:
            return [_Part(("kinds = wanted.kinds", *end), each_kind=True) for end in ends]
        return [_Part((f"kinds = :kind_{i}", *end)) for i, end in product(range(len(kinds)), ends)]

    @cached_property
    def _kinds(self) -> tuple[str, ...] | None:
        """Return the kinds of the ranges, None for any: all of them where an outcome is asked for by a metric."""
        if self.scope.kinds is None and self._order.metric and self.scope.statuses is not None:
            return tuple(sorted(all_kinds(self.conn).keys))
        return self.scope.kinds

    def _with_status(self, status: Status) -> str:
        """Return a condition; both words are ours."""
        state, outcome = status
        of_outcome = f"outcome_kind = '{outcome}'" if outcome else "outcome_kind IS NULL"
        return of_outcome if self._order.metric else f"state = '{state}' AND {of_outcome}"

    def _tests(self) -> Iterator[str]:
        """Yield the conditions, but for the state, of rows that are looked up or scanned."""
        scope, key = self.scope, f"{self._order.table}.{self._order.key}"
        if scope.kinds is not None:
            yield f"(kinds IN ({strings_of(self.conn, 'kinds')})) IS TRUE"
        if scope.prefix:
            yield f"{key} >= :prefix AND {key} < :behind"
        if scope.sweeps is not None:
            yield (_IN_SWEEPS if self._looks_up else _SCANNED_IN_SWEEPS).format(key)
            if not self._looks_up and not self._order.metric:
                yield "created_at BETWEEN :oldest AND :newest"

    def _select(self, part: _Part) -> str:
        """Return the query of the first rows of a part."""
        order, conditions = self._order, [*part.conditions]
        by = f"+{order.by}" if self._looks_up else order.by  # the plus keeps planners off the order's index
        if order.metric:
            conditions.append("metric = :metric")
        for name, sign in (("below", "<"), ("above", ">")):
            if getattr(self.question, name) is not None:
                conditions.append(f"{by} {sign} :{name}")
        if self.after is not None:
            conditions.append(f"({by}, {order.key}) {'<' if order.descending else '>'} (:after_at, :after_id)")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        each = f"({strings_of(self.conn, 'kinds')}) AS wanted (kinds) CROSS JOIN LATERAL" if part.each_kind else ""
        return (
            f"SELECT at, id FROM {each} (SELECT {by} AS at, {order.key} AS id FROM {order.table} {where}"  # noqa: S608
            f" ORDER BY {by} {order.direction}, {order.key} {order.direction} LIMIT :count) AS part"
        )

    def _parameters(self) -> dict[str, Any]:
        """Return every value that a condition may name."""
        scope, kinds = self.scope, self._kinds or ()
        after_at, after_id = self.after or (None, None)
        return {f"kind_{i}": key for i, key in enumerate(kinds[:_MOST_MERGED])} | {
            "metric": self._order.metric,
            "count": self.count,
            "below": self.question.below,
            "above": self.question.above,
            "after_at": after_at,
            "after_id": after_id,
            "kinds": json_list(kinds),
            "prefix": scope.prefix,
            "behind": scope.prefix + _AFTER_HEX,
            "sweeps": scope.sweeps,
            "oldest": scope.oldest,
            "newest": scope.newest,
        }


@lru_cache(maxsize=256)
def _statement(sql: str) -> TextClause:
    """Return a statement, parsed once: some are kilobytes long."""
    statement = text(sql)
    return statement.bindparams(bindparam("sweeps", expanding=True)) if ":sweeps" in sql else statement
