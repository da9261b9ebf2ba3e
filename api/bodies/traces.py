"""Traces as they are answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.bodies.body import Body

Word = Literal["NaN", "Infinity", "-Infinity"]
Numbers = list[Any] | float | Word
"""Nested along the later axes; numbers that JSON lacks are words."""


class _Declared(Body):
    """What a specification declares of a trace."""

    name: str
    unit: str
    axes: list[str]
    every: int
    size: list[int] = Field(description="Lengths of the axes after step.")
    coordinates: dict[str, list[float | str]] = Field(
        description="By axis, the values along it, such as thresholds or names of gates. An axis that is not named is "
        "counted: steps by `every`, `lag` from 0, every other axis from 1."
    )


class TraceEntry(_Declared):
    """What is stored of one trace."""

    description: str
    first_step: int = Field(description="Later than `every` where the probe came to a run on its way: NaN before it.")
    last_step: int
    points: int
    levels: int


class Traces(Body):
    """The traces of a run."""

    traces: list[TraceEntry]


class Trace(_Declared):
    """Part of a trace: `values` at level 0; above it, in cells of 2^level points, the figures asked for."""

    run: str
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


class ManyTraces(Body):
    """Several traces of several runs: all of the first run, then all of the next."""

    traces: list[Trace]
