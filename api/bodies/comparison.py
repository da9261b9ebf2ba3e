"""Comparisons as they are answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.bodies.body import Body
from api.bodies.traces import Word
from services.runs.reasons import told_reasons


class AxisValue(Body):
    """A value on a side of the comparison."""

    value: Any
    label: str


class Side(Body):
    """The rows or columns of a comparison."""

    field: str
    values: list[AxisValue]


class PairedMetric(Body):
    """What is compared."""

    name: str
    unit: str
    better: Literal["lower", "higher"] | None = Field(description="None where neither is better.")


class MetricInfo(PairedMetric):
    """What is compared."""

    description: str
    yes_or_no: bool = Field(description="A run has 0 or 1: what runs have together is a rate.")


class Cell(Body):
    """An aggregate over `n` of its runs and its 95 % interval: of a bootstrap, of a rate Wilson's."""

    value: float | Word | None
    low: float | Word | None = Field(description="None of a minimum, a maximum, or one value that is no rate.")
    high: float | Word | None
    n: int = Field(description="Runs with a value: each has succeeded.")
    missing: dict[str, int] = Field(description=f"Runs without a value, by reason. {told_reasons()}")
    runs: list[str]


class Panels(Side):
    """A table of the same rows and columns for each value of a third field."""

    cells: list[list[list[Cell]]]


class Best(Body):
    """The best of the cells that lack the smallest share of their runs: of those that lack none, where there are some.

    A run is lacking that has no value, or that has diverged although the metric is no yes or no.
    """

    panel: int | None = Field(description="The number of its panel; none where there are no panels.")
    row: int
    column: int
    complete: bool = Field(description="It lacks no run.")
    others: int = Field(description="Cells that it was compared with.")
    rivals: int | None = Field(description="How many of these have an interval that meets its own.")
    left_out: int = Field(description="Cells that lack more of their runs, and so were not compared.")


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
    best: Best | None = Field(description="None where neither end is better, or no run solved the problem.")
    lacking: dict[str, int] = Field(description="Runs that count against their cells, by reason.")


class Pair(Body):
    """Two values of an axis: the differences of the second from the first over runs that agree in all else."""

    first: AxisValue
    second: AxisValue
    n: int = Field(description="Differences.")
    units: int = Field(description="Independent differences: their seeds, or the cells where the axis is the seed.")
    without_pair: int = Field(description="Runs whose counterpart has no value.")
    median: float | Word | None
    low: float | Word | None = Field(description="Lower end of the median's 95 % bootstrap interval, over units.")
    high: float | Word | None
    p: float | None = Field(description="Of a two-sided permutation test; see `permuted`.")


class Pairs(Body):
    """The values of one axis, two by two."""

    sweep: str
    field: str
    metric: PairedMetric
    permuted: str = Field(description="What the test permutes.")
    pairs: list[Pair]
