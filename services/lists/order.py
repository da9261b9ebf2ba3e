"""The order of a list of runs, and from where to where in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from services.errors import BadQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping

Position = tuple[float, str]
"""A time or number, and a run's id."""


class Order(NamedTuple):
    """By age, newest first, or by a metric."""

    table: str
    by: str
    key: str
    descending: bool
    metric: str | None = None

    @property
    def way(self) -> str:
        """Return the direction in SQL."""
        return "DESC" if self.descending else "ASC"


class Cut(NamedTuple):
    """What of an order is wanted: numbers between two, without these, and runs behind a position."""

    below: float | None
    above: float | None
    after: Position | None


def order_of(filters: Mapping[str, Any]) -> Order:
    """Return the order that is asked for; raises BadQuestion where a range has no metric, or another than the order."""
    asked, metric = filters.get("sort"), filters.get("metric")
    if asked and metric and asked.removeprefix("-") != metric:
        raise BadQuestion("sort", f"must be the metric of the range, {metric} or -{metric}", asked)
    named = asked or metric
    if named:
        return Order("run_metrics", "value", "run_id", named.startswith("-"), named.removeprefix("-"))
    for name in ("below", "above"):
        if filters.get(name) is not None:
            raise BadQuestion(name, "needs a metric to be compared with", filters[name])
    return Order("runs", "created_at", "id", descending=True)
