"""What a list of runs asks for: filters, and an order by age or by a metric."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from services.errors import BadQuestion
from services.words import FAMILIES


class Order(NamedTuple):
    """The columns that a list is sorted by: `by`, then `key`, of a table."""

    table: str
    by: str
    key: str
    descending: bool
    metric: str | None = None

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"


_NEWEST_FIRST = Order("runs", "created_at", "id", descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuestion:
    """Filters that all hold, None for any; raises BadQuestion for `below` or `above` without a metric to compare with.

    `metric` keeps the runs that have this number and sorts by it; `sort` sorts by a metric, after a minus the largest
    first. Without either, the newest runs come first. `search` is explained in `services.lists.scope`.
    """

    state: str | None = None
    outcome: str | None = None
    experiment: str | None = None
    problem: str | None = None
    cell: str | None = None
    initialization: str | None = None
    regularizer: str | None = None
    clipping: str | None = None
    optimizer: str | None = None
    sweep: str | None = None
    metric: str | None = None
    below: float | None = None
    above: float | None = None
    sort: str | None = None
    search: str = ""

    def __post_init__(self) -> None:
        if self.sort and self.metric and self.sort.removeprefix("-") != self.metric:
            raise BadQuestion("sort", f"must be the metric of the range, {self.metric} or -{self.metric}", self.sort)
        if not self.sort and not self.metric:
            for name, limit in (("below", self.below), ("above", self.above)):
                if limit is not None:
                    raise BadQuestion(name, "needs a metric to be compared with", limit)

    @property
    def order(self) -> Order:
        name = self.sort or self.metric
        if not name:
            return _NEWEST_FIRST
        return Order("run_metrics", "value", "run_id", name.startswith("-"), name.removeprefix("-"))

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Yield the kinds asked for, by family, with the experiment as one of these."""
        for family in ("experiment", *FAMILIES):
            if (kind := getattr(self, family)) is not None:
                yield family, kind
