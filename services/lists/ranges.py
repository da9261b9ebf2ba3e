"""The statement of a page of runs: it finds them in indexes alone, and then reads their rows by their ids.

| question                                 | plan                                                                     |
|------------------------------------------|--------------------------------------------------------------------------|
| the beginning of an id; sweeps of a few  | Look up these runs one by one, and sort them.                            |
| runs                                     |                                                                          |
| any kinds and states, in few             | Each is a range of an index, within which rows lie in the list's order:  |
| combinations                             | merge the first rows of each.                                            |
| the same, in more combinations           | Walk the order, by age once for each state: what so many combinations    |
|                                          | have is found soon.                                                      |
| sweeps of more runs                      | Walk the order, by age from their first run to their last: runs of one   |
|                                          | sweep lie together there, and make up much of the order by a metric.     |

The indexes of ranges begin with kinds, then the state, then the order (`runs_kinds_status`), or leave some of that out;
those of metrics begin with the metric, and have the outcome for the state, since only runs with an outcome have any.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from services.database.rows import json_list, strings_of
from services.lists.scope import ENDED
from services.runs.kinds import all_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row, TextClause

    from services.lists.order import Cut, Order
    from services.lists.scope import Scope, Status

_MOST_LOOKED_UP = 300
"""Runs of sweeps that are looked up one by one."""
_MOST_MERGED = 64
"""Ranges that are merged."""
_MOST_MERGED_RARE = 200
"""The same for states that few runs are in, where a walk would look at very many in vain; on PostgreSQL, which plans
ranges of any number of kinds as one."""
_BEHIND_HEX = "g"
_OF_SWEEPS = "{0} IN (SELECT run_id FROM sweep_runs WHERE sweep_id IN :sweeps)"
_IN_A_SWEEP = "(SELECT 1 FROM sweep_runs WHERE sweep_runs.run_id = {0} AND sweep_id IN :sweeps LIMIT 1) IS NOT NULL"
"""For a walk: the limit keeps PostgreSQL from joining all of the sweep before the first row."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows in the list's order that meet some conditions."""

    conditions: tuple[str, ...]
    of_each_kind: bool = False
    """On PostgreSQL, one for each of the wanted kinds: dozens of parts take it longer to plan than to read."""


@dataclass(frozen=True)
class PageQuery:
    """A question for the first runs of an order; what a client sent is bound, never in its words."""

    conn: Connection
    order: Order
    scope: Scope
    cut: Cut
    count: int

    def rows(self, wanted: str) -> Sequence[Row[Any]]:
        """Return of each run its time or number, and the wanted columns."""
        way = self.order.way
        parts = " UNION ALL ".join(map(self._select, self._parts()))
        words = (
            f"SELECT page.at, {wanted} FROM ({parts} ORDER BY at {way}, id {way} LIMIT :count) AS page"  # noqa: S608
            f" JOIN runs ON runs.id = page.id ORDER BY page.at {way}, page.id {way}"
        )
        return self.conn.execute(_statement(words), self._values()).all()

    @property
    def _by_ids(self) -> bool:
        """Say whether runs are looked up one by one."""
        return bool(self.scope.prefix) or 0 < self.scope.sweep_runs <= _MOST_LOOKED_UP

    @property
    def _by(self) -> str:
        """Return what orders the list; a plus, which changes nothing, keeps indexes of the order away."""
        return f"+{self.order.by}" if self._by_ids else self.order.by

    def _parts(self) -> list[_Part]:
        statuses = self.scope.statuses
        if self.scope.sweeps is None and not self.scope.prefix and (ranges := self._ranges()):
            return ranges
        tests = tuple(self._tests())
        if statuses is None:
            return [_Part(tests)]
        if self._by_ids or self.order.metric:
            return [_Part((*tests, f"({' OR '.join(map(self._of_status, statuses))}) IS TRUE"))]
        return [_Part((self._of_status(status), *tests)) for status in statuses]

    def _ranges(self) -> list[_Part]:
        """Return the ranges of an index; none where these are too many."""
        kinds, statuses = self._kinds, self.scope.statuses
        if self.order.metric and kinds is not None and statuses is None:
            statuses = ENDED
        ends = [()] if statuses is None else [(self._of_status(status),) for status in statuses]
        if kinds is None:
            return [_Part(end) for end in ends]
        postgresql = self.conn.dialect.name == "postgresql"
        rare = postgresql and not set(statuses or ENDED).intersection(ENDED)
        if len(kinds) * len(ends) > (_MOST_MERGED_RARE if rare else _MOST_MERGED):
            return []
        if postgresql:
            return [_Part(("kinds = wanted.kinds", *end), of_each_kind=True) for end in ends]
        return [_Part((f"kinds = :kind_{i}", *end)) for i, end in product(range(len(kinds)), ends)]

    @cached_property
    def _kinds(self) -> tuple[str, ...] | None:
        """Return the kinds of the ranges, None for any; the only index of metrics with an outcome has kinds too."""
        if self.scope.kinds is None and self.order.metric and self.scope.statuses is not None:
            return tuple(sorted(all_kinds(self.conn).keys))
        return self.scope.kinds

    def _of_status(self, status: Status) -> str:
        """Return a condition; both words are ours."""
        state, outcome = status
        of_outcome = f"outcome_kind = '{outcome}'" if outcome else "outcome_kind IS NULL"
        return of_outcome if self.order.metric else f"state = '{state}' AND {of_outcome}"

    def _tests(self) -> Iterator[str]:
        """Yield what each row that is looked up or walked over is held to, but for its state."""
        scope, key = self.scope, f"{self.order.table}.{self.order.key}"
        if scope.kinds is not None:  # a test of the truth, so that no index is taken for it: it has another order
            yield f"(kinds IN ({strings_of(self.conn, 'kinds')})) IS TRUE"
        if scope.prefix:
            yield f"{key} >= :prefix AND {key} < :behind"
        if scope.sweeps is not None:
            yield (_OF_SWEEPS if self._by_ids else _IN_A_SWEEP).format(key)
            if not self._by_ids and not self.order.metric:
                yield "created_at BETWEEN :oldest AND :newest"

    def _select(self, part: _Part) -> str:
        """Return the first runs of a part."""
        order, by, conditions = self.order, self._by, [*part.conditions]
        if order.metric:
            conditions.append("metric = :metric")
        for name, sign in (("below", "<"), ("above", ">")):
            if getattr(self.cut, name) is not None:
                conditions.append(f"{by} {sign} :{name}")
        if self.cut.after is not None:
            conditions.append(f"({by}, {order.key}) {'<' if order.descending else '>'} (:after_at, :after_id)")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        each = f"({strings_of(self.conn, 'kinds')}) AS wanted (kinds) CROSS JOIN LATERAL" if part.of_each_kind else ""
        return (
            f"SELECT at, id FROM {each} (SELECT {by} AS at, {order.key} AS id FROM {order.table} {where}"  # noqa: S608
            f" ORDER BY {by} {order.way}, {order.key} {order.way} LIMIT :count) AS part"
        )

    def _values(self) -> dict[str, Any]:
        """Return every value that a condition may name."""
        scope, (below, above, after) = self.scope, self.cut
        after_at, after_id = after or (None, None)
        kinds = self._kinds or ()
        return {f"kind_{i}": key for i, key in enumerate(kinds[:_MOST_MERGED])} | {
            "metric": self.order.metric,
            "count": self.count,
            "below": below,
            "above": above,
            "after_at": after_at,
            "after_id": after_id,
            "kinds": json_list(kinds),
            "prefix": scope.prefix,
            "behind": scope.prefix + _BEHIND_HEX,
            "sweeps": scope.sweeps,
            "oldest": scope.oldest,
            "newest": scope.newest,
        }


@lru_cache(maxsize=256)
def _statement(words: str) -> TextClause:
    """Return a statement, taken apart once: some are kilobytes long."""
    made = text(words)
    return made.bindparams(bindparam("sweeps", expanding=True)) if ":sweeps" in words else made
