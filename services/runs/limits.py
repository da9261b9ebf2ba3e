"""What a run may store and take: estimated before it is queued, and refused above what the settings allow.

An experiment without training is estimated by what it stores alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, prod
from typing import NamedTuple

from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.spec import RunSpec
from services.settings import Settings

_PER_SECOND = 2e9
"""Operations of one core, about."""
_STEP_SECONDS = 1e-6
"""Of one time step of one update, about, however small the net is."""


class Cost(NamedTuple):
    """What one run, or several together, store and take."""

    bytes: float
    operations: float
    hours: float

    def times(self, count: int) -> Cost:
        """Return the cost of equal runs."""
        return Cost(*(figure * count for figure in self))

    def plus(self, other: Cost) -> Cost:
        """Return the cost of both."""
        return Cost(*(mine + more for mine, more in zip(self, other, strict=True)))


def limits_of(settings: Settings) -> dict[str, Cost]:
    """Return what is allowed, for a run and for a sweep."""
    return {
        "run": Cost(settings.most_run_bytes, settings.most_run_operations, settings.most_run_hours),
        "sweep": Cost(settings.most_sweep_bytes, settings.most_sweep_operations, settings.most_sweep_hours),
    }


def cost_of(spec: RunSpec) -> Cost:
    """Return what a run stores, its points before compression, and takes."""
    stored = sum(spec.steps // info.every * prod(info.size) for info in spec.traces())
    width = 4 if getattr(spec, "dtype", "") == "float32" else 8
    seconds = max(spec.operations / _PER_SECOND, spec.time_steps * _STEP_SECONDS)
    return Cost(stored * width, spec.operations, seconds / 3600)


def check(settings: Settings, spec: RunSpec) -> Cost:
    """Return the cost of a run, or refuse one that is too large; raises InvalidSpec naming the field to change."""
    cost = cost_of(spec)
    if problem := _problem(settings, spec, cost):
        raise InvalidSpec((problem,))
    return cost


def check_sweep(settings: Settings, specs: Iterable[RunSpec]) -> Cost:
    """Return the cost of a sweep, or refuse it where a run, or all together, are too large; raises InvalidSpec."""
    counts: dict[tuple[str, int], int] = {}
    examples: dict[tuple[str, int], RunSpec] = {}
    for spec in specs:  # thousands share what decides the cost
        key = (spec.shape_key, spec.steps)
        counts[key] = counts.get(key, 0) + 1
        examples.setdefault(key, spec)
    whole = Cost(0, 0, 0)
    for key, spec in examples.items():
        cost = cost_of(spec)
        if problem := _problem(settings, spec, cost):
            raise InvalidSpec((problem._replace(field=f"base.{problem.field}".rstrip(".")),))
        whole = whole.plus(cost.times(counts[key]))
    for name, asked, most in zip(Cost._fields, whole, limits_of(settings)["sweep"], strict=True):
        if asked > most:
            raise InvalidSpec((FieldProblem("axes", f"its runs {_too_much('sweep', name, asked, most)}", None),))
    return whole


def _problem(settings: Settings, spec: RunSpec, cost: Cost) -> FieldProblem | None:
    for name, asked, most in zip(Cost._fields, cost, limits_of(settings)["run"], strict=True):
        if asked > most:
            said = f"the run {_too_much('run', name, asked, most)}"
            if name == "bytes" and (every := _fitting(spec, most)):
                return FieldProblem("observation.every", f"{said}; observations every {every:,} updates fit", None)
            if "updates" in type(spec).model_fields:
                return FieldProblem("updates", f"{said}; {int(spec.steps * most / asked):,} fit", spec.steps)
            return FieldProblem("", said, None)
    return None


def _too_much(scope: str, name: str, asked: float, most: float) -> str:
    verb, setting = "store" if name == "bytes" else "take", f"LTD_MOST_{scope.upper()}_{name.upper()}"
    return f"would {verb} about {asked:.3g} {name}, where a {scope} may {verb} {most:.3g} ({setting})"


def _fitting(spec: RunSpec, most: float) -> int | None:
    """Return how far apart observations fit into some bytes; None where there are none, or all else is too much."""
    observation = getattr(spec, "observation", None)
    if not observation or not observation.every:
        return None
    blind = spec.model_copy(update={"observation": observation.model_copy(update={"every": 0})})
    whole, rest = cost_of(spec).bytes, cost_of(blind).bytes
    return ceil((whole - rest) * observation.every / (most - rest)) if rest < most else None
