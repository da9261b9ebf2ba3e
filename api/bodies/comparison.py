"""Comparisons as they are answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.bodies.body import Body
from api.bodies.traces import Word


class AxisValue(Body):
    """A value on a side of the comparison."""

    value: Any
    label: str


class Side(Body):
    """The rows or columns of a comparison."""

    field: str
    values: list[AxisValue]


class MetricInfo(Body):
    """What is compared."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    description: str


class Cell(Body):
    """An aggregate over runs and its 95 % interval: of a seeded bootstrap, of a share of successes Wilson's."""

    value: float | Word | None
    low: float | Word | None
    high: float | Word | None
    n: int
    missing: dict[str, int] = Field(description="Runs without a value, by reason.")
    runs: list[str]


class Panels(Side):
    """A table of the same rows and columns for each value of a third field."""

    cells: list[list[list[Cell]]]


class Comparison(Body):
    """A sweep's table."""

    sweep: str
    rows: Side
    columns: Side
    metric: MetricInfo
    aggregate: str
    quantile: float | None = Field(description="The share below, where the aggregate is `quantile`.")
    cells: list[list[Cell]]
    panels: Panels | None


class Pair(Body):
    """Two values of an axis: the differences of the second from the first over runs that agree in all else."""

    first: AxisValue
    second: AxisValue
    n: int = Field(description="Differences.")
    without_pair: int = Field(description="Runs whose counterpart has no value.")
    median: float | Word | None
    low: float | Word | None = Field(description="Lower end of the median's 95 % bootstrap interval.")
    high: float | Word | None
    p: float | None = Field(description="Of a two-sided permutation test of the signs of the differences.")


class PairedMetric(Body):
    """What is compared."""

    name: str
    unit: str
    better: Literal["lower", "higher"]


class Pairs(Body):
    """The values of one axis, two by two."""

    sweep: str
    field: str
    metric: PairedMetric
    pairs: list[Pair]
