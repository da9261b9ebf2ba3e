"""What a sweep asks for, and the runs that it expands to."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.faults import invalid
from ltd_core.fields import Whole
from ltd_core.spec import RunSpec, parse_spec

MOST_RUNS = 100_000
Coordinates = dict[str, Any]
Cell = dict[str, tuple[int, Any]]
"""By dotted path: a value's index in its axis, and the value."""


class SweepRequest(BaseModel):
    """A base specification, values of some of its fields (dotted paths; a value may be a whole object), and seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200, strict=True)] = "sweep"
    base: dict[str, Any] = Field(description="A specification; see RunSpec.")
    axes: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="Values by dotted field."
    )
    seeds: Annotated[list[Whole], Field(min_length=1)] = Field(default=[0], description="One run a seed and cell.")


def parse_request(data: object) -> SweepRequest:
    """Return the request in JSON-like data; raises InvalidSpec naming every wrong field."""
    if not isinstance(data, dict):
        raise InvalidSpec((FieldProblem("", "a sweep must be a JSON object", data),))
    try:
        return SweepRequest.model_validate(data)
    except ValidationError as error:
        raise invalid(SweepRequest, data, error) from None


def expand(request: SweepRequest) -> list[tuple[Coordinates, RunSpec]]:
    """Return every cell's coordinates and specification, in order, without repetitions; raises InvalidSpec."""
    axes = request.axes | ({} if "seed" in request.axes else {"seed": request.seeds})
    count = prod(len(values) for values in axes.values())
    if count > MOST_RUNS:
        raise InvalidSpec(
            (FieldProblem("axes", f"a sweep has at most {MOST_RUNS:,} runs, these axes make {count:,}", None),)
        )
    cells: dict[str, tuple[Coordinates, RunSpec]] = {}
    for coordinates, spec in _cells(request):
        cells.setdefault(spec.digest, (coordinates, spec))
    return list(cells.values())


def _cells(request: SweepRequest) -> Iterator[tuple[Coordinates, RunSpec]]:
    """Yield every cell; a specification is parsed once for all seeds, which are checked in the first cell."""
    seeds: list[Cell] = [{}] if "seed" in request.axes else [{"seed": pair} for pair in enumerate(request.seeds)]
    valid: set[tuple[str, int]] = set()
    for number, chosen in enumerate(product(*(enumerate(values) for values in request.axes.values()))):
        cell = dict(zip(request.axes, chosen, strict=True))
        first = _spec(request, cell | seeds[0], valid)
        for seed in seeds:
            coordinates = _values(cell | seed)
            if number == 0:
                yield coordinates, _spec(request, cell | seed, valid)
            else:
                yield coordinates, first.seeded(coordinates["seed"]) if seed else first


def _spec(request: SweepRequest, cell: Cell, valid: set[tuple[str, int]]) -> RunSpec:
    """Return a cell's specification; `valid` collects the values that some valid cell has."""
    try:
        spec = parse_spec(with_values(request.base, _values(cell)))
    except InvalidSpec as error:
        raise InvalidSpec(tuple(_in_request(p, request, cell, valid) for p in error.problems)) from None
    valid.update((path, index) for path, (index, _) in cell.items())
    return spec


def _in_request(problem: FieldProblem, request: SweepRequest, cell: Cell, valid: set[tuple[str, int]]) -> FieldProblem:
    """Name the value of an axis that a problem comes from, else the base's field.

    Cells are made in the order in which a value meets the first of all later axes first. One that was in no valid cell
    is wrong by itself; for any other the cell is named too, since the fault is in the combination.
    """
    at = f", at {json.dumps(_values(cell), sort_keys=True, separators=(',', ':'))}"
    paths = [path for path in cell if f"{problem.field}.".startswith((f"{path}.", f"{path}["))]
    if not paths:
        return problem._replace(field=f"base.{problem.field}", message=problem.message + (at if request.axes else ""))
    path = max(paths, key=len)
    index = cell[path][0]
    field = f"{f'axes.{path}' if path in request.axes else 'seeds'}[{index}]{problem.field.removeprefix(path)}"
    return problem._replace(field=field, message=problem.message + (at if (path, index) in valid else ""))


def _values(cell: Cell) -> Coordinates:
    return {path: value for path, (_, value) in cell.items()}


def with_values(base: dict[str, Any], coordinates: Coordinates) -> dict[str, Any]:
    """Return the base with values at dotted paths; raises InvalidSpec where a path leads through a number."""
    settings = copy.deepcopy(base)
    for path, value in coordinates.items():
        *parents, last = path.split(".")
        holder = settings
        for name in parents:
            holder = holder.setdefault(name, {})
            if not isinstance(holder, dict):
                raise InvalidSpec((FieldProblem(path, f"{name} of the base is no object", holder),))
        holder[last] = value
    return settings
