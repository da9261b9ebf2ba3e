"""What a sweep asks for, and the runs that it expands to."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import permutations, product
from math import prod
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ltd_core.errors import FieldError, FieldProblem, InvalidSpec
from ltd_core.faults import invalid
from ltd_core.fields import Whole
from ltd_core.spec import LARGEST_SEED, RunSpec, parse_spec

MOST_RUNS = 100_000
MOST_AXES = 100
DEEPEST_PATH = 10
"""Names in a dotted path."""
_LONGEST_CELL = 1000
"""Characters of a cell that a message shows."""
_SEED = "seed"
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

    @model_validator(mode="after")
    def _seeds_are_said_once(self) -> Self:
        """Take the seeds where they are given: alone in the base, as an axis, or as seeds; refuse two that differ."""
        given, chosen = "seeds" in self.model_fields_set, self.axes.get(_SEED, self.seeds)
        if given and _SEED in self.axes:
            raise FieldError("seeds", "and axes.seed both give the seeds: leave one of them out")
        if _SEED in self.base and not given and _SEED not in self.axes:
            object.__setattr__(self, "seeds", [_whole(self.base[_SEED], "base.seed")])
        elif self.base.get(_SEED, 0) not in (0, *chosen):  # 0 is the default, which a full specification writes out
            others = "seeds" if given else "axes.seed"
            raise FieldError("base.seed", f"is none of {others}, which give the seeds: leave one of them out")
        return self


def _whole(value: object, field: str) -> int:
    try:
        return TypeAdapter[int](Whole).validate_python(value)
    except ValidationError as error:
        raise FieldError(field, error.errors()[0]["msg"].removeprefix("Value error, ")) from None


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
    _check(request)
    cells: dict[str, tuple[Coordinates, RunSpec]] = {}
    for coordinates, spec in _cells(request):
        cells.setdefault(spec.digest, (coordinates, spec))
    return list(cells.values())


def _check(request: SweepRequest) -> None:
    """Refuse too many runs or axes, and two axes that say one field."""
    axes = request.axes | ({} if _SEED in request.axes else {_SEED: request.seeds})
    if (count := prod(len(values) for values in axes.values())) > MOST_RUNS:
        raise _wrong("axes", f"a sweep has at most {MOST_RUNS:,} runs, these axes make {count:,}")
    if len(request.axes) > MOST_AXES:
        raise _wrong("axes", f"a sweep has at most {MOST_AXES} axes, not {len(request.axes):,}")
    for path in request.axes:
        if path.count(".") >= DEEPEST_PATH:
            raise _wrong(f"axes.{path[:50]}", f"a path has at most {DEEPEST_PATH} names")
    for outer, inner in permutations(request.axes, 2):
        if inner.startswith(f"{outer}."):
            for index, value in enumerate(request.axes[outer]):
                _check_nested(outer, index, value, inner)


def _check_nested(outer: str, index: int, value: Any, inner: str) -> None:
    """Refuse an axis's value that another axis, of a field in it, would replace in part."""
    at = f"axes.{outer}[{index}]"
    for name in inner.removeprefix(f"{outer}.").split("."):
        if not isinstance(value, dict):
            raise _wrong(at, f"and axes.{inner} both say {inner}: leave it out of one of them, or make this an object")
        if name not in value:
            return
        value = value[name]
    raise _wrong(at, f"and axes.{inner} both say {inner}: leave it out of one of them")


def _wrong(field: str, message: str) -> InvalidSpec:
    return InvalidSpec((FieldProblem(field, message, None),))


def _cells(request: SweepRequest) -> Iterator[tuple[Coordinates, RunSpec]]:
    """Yield every cell; a specification is parsed once for all seeds, which are checked in the first cell."""
    seeds: list[Cell] = [{}] if "seed" in request.axes else [{"seed": pair} for pair in enumerate(request.seeds)]
    valid: set[tuple[str, int]] = set()
    for number, chosen in enumerate(product(*(enumerate(values) for values in request.axes.values()))):
        cell = dict(zip(request.axes, chosen, strict=True))
        first = _spec(request, cell | seeds[0], valid)
        for seed in seeds:
            coordinates = _values(cell | seed)
            if seed and number == 0 and not 0 <= coordinates[_SEED] <= LARGEST_SEED:
                _spec(request, cell | seed, valid)  # raises
            yield coordinates, first.seeded(coordinates[_SEED]) if seed else first


def _spec(request: SweepRequest, cell: Cell, valid: set[tuple[str, int]]) -> RunSpec:
    """Return a cell's specification; `valid` collects the values that some valid cell has."""
    try:
        spec = parse_spec(with_values(request.base, _values(cell)))
    except InvalidSpec as error:
        at = f", at {json.dumps(_values(cell), sort_keys=True, separators=(',', ':'))}"
        at = at if len(at) <= _LONGEST_CELL else at[: _LONGEST_CELL - 1] + "…"
        raise InvalidSpec(tuple(_in_request(p, request, cell, valid, at) for p in error.problems)) from None
    valid.update((path, index) for path, (index, _) in cell.items())
    return spec


def _in_request(
    problem: FieldProblem, request: SweepRequest, cell: Cell, valid: set[tuple[str, int]], at: str
) -> FieldProblem:
    """Name the value of an axis that a problem comes from, else the base's field.

    Cells are made in the order in which a value meets the first of all later axes first. One that was in no valid cell
    is wrong by itself; for any other the cell is named too, since the fault is in the combination.
    """
    paths = [path for path in cell if f"{problem.field}.".startswith((f"{path}.", f"{path}["))]
    if not paths:
        return problem._replace(field=f"base.{problem.field}", message=problem.message + (at if request.axes else ""))
    path = max(paths, key=len)
    index = cell[path][0]
    if path not in request.axes and _SEED in request.base:
        return problem._replace(field="base.seed")
    field = f"{f'axes.{path}' if path in request.axes else 'seeds'}[{index}]{problem.field.removeprefix(path)}"
    return problem._replace(field=field, message=problem.message + (at if (path, index) in valid else ""))


def _values(cell: Cell) -> Coordinates:
    return {path: value for path, (_, value) in cell.items()}


def with_values(base: dict[str, Any], coordinates: Coordinates) -> dict[str, Any]:
    """Return the base with values at dotted paths, a field after what holds it, nothing of it shared.

    Raises InvalidSpec where a path leads through a number.
    """
    settings = copy.deepcopy(base)
    for path, value in sorted(coordinates.items(), key=lambda pair: pair[0].count(".")):
        *parents, last = path.split(".")
        holder = settings
        for name in parents:
            holder = holder.setdefault(name, {})
            if not isinstance(holder, dict):
                raise InvalidSpec((FieldProblem(path, f"{name} is no object", holder),))
        holder[last] = copy.deepcopy(value)
    return settings
