"""The bodies of answers as types: what the OpenAPI document says, and what the tests hold real answers against."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ltd_core.outcome import OutcomeKind
from services.words import State

Word = Literal["NaN", "Infinity", "-Infinity"]
Numbers = list[Any] | float | Word
"""Nested along the later axes; numbers that JSON lacks are words."""


class Body(BaseModel):
    """Base of every body."""

    model_config = ConfigDict(extra="forbid")


class Outcome(Body):
    """How a run ended that was trained to its end."""

    kind: OutcomeKind
    step: int
    message: str


class Run(Body):
    """A run as it stands."""

    id: str
    state: State
    step: int = Field(description="Updates done and stored.")
    updates: int
    experiment: str
    spec: dict[str, Any] = Field(description="The specification, every default written out.")
    outcome: Outcome | None
    summary: dict[str, float | None] = Field(description="Metrics by name; see /api/v1/mechanisms.")
    error: str | None
    attempts: int
    cancel_requested: bool
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class SubmittedRun(Run):
    """A run, and whether it is new, or queued again after it failed or was cancelled; else it stood already."""

    new: bool
    restarted: bool


class Runs(Body):
    """A page of runs, newest first."""

    runs: list[Run]
    next: str | None = Field(description="The cursor of the next page.")


class Sweep(Body):
    """A sweep as it stands."""

    id: str
    name: str
    base: dict[str, Any]
    axes: dict[str, list[Any]]
    seeds: list[int]
    created_at: datetime
    runs: int
    states: dict[State, int]
    outcomes: dict[str, int]
    updates_done: int
    updates_total: int
    finished: bool


class PostedSweep(Sweep):
    """A sweep, and how many of its runs are new, queued again, or there already."""

    new: int
    restarted: int
    stood: int


class Sweeps(Body):
    """A page of sweeps, newest first."""

    sweeps: list[Sweep]
    next: str | None = Field(description="The cursor of the next page.")


class TraceEntry(Body):
    """What is stored of one trace."""

    name: str
    unit: str
    axes: list[str]
    every: int
    size: list[int] = Field(description="Lengths of the axes after step.")
    description: str
    first_step: int
    last_step: int
    points: int
    levels: int


class Traces(Body):
    """The traces of a run."""

    traces: list[TraceEntry]


class Trace(Body):
    """Part of a trace: `values` at level 0; above it, in cells of 2^level points, the figures asked for."""

    run: str
    name: str
    unit: str
    axes: list[str]
    every: int
    size: list[int]
    level: int
    cell_steps: int = Field(description="Steps that a point or cell stands for.")
    steps: list[int] = Field(description="The first step of each point or cell.")
    values: list[Numbers] | None = None
    minimum: list[Numbers] | None = None
    maximum: list[Numbers] | None = None
    mean: list[Numbers] | None = None
    last: list[Numbers] | None = None
    nonfinite: list[Any] | None = None
    quantiles: list[Numbers] | None = Field(
        default=None, description="Of a curve: values at the shares 1/18, 3/18, ... 17/18 of each cell's finite points."
    )
    count: list[int] | None = None


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

    value: float | None
    low: float | None
    high: float | None
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
    median: float | None
    low: float | None = Field(description="Lower end of the median's 95 % bootstrap interval.")
    high: float | None
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


class Worker(Body):
    """A worker process."""

    id: str
    host: str
    pid: int
    device: str
    lanes: int
    running: list[str]
    started_at: datetime
    heartbeat_at: datetime
    silent_seconds: float


class Workers(Body):
    """The worker processes heard from."""

    workers: list[Worker]


class Health(Body):
    """Whether the server is alive, or ready."""

    status: str
    database: str | None = None
    broker: str | None = None


class FieldFault(Body):
    """One thing wrong with a request."""

    field: str = Field(examples=["clipping.threshold"])
    message: str
    value: Any


class Problem(Body):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldFault]
