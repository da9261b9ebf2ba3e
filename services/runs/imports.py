"""Imports runs of other laboratories after checking everything that can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.faults import invalid
from ltd_core.metrics import METRICS
from ltd_core.outcome import OutcomeKind
from ltd_core.spec import RunSpec, parse_spec
from ltd_core.trace import TraceBlock
from services.database.engine import Database, clock
from services.runs import row, summaries
from services.runs.events import log
from services.traces import writing
from services.traces.codec import Array

_BLOCK_NUMBERS = 200_000
"""About so many in one stored block."""


def _in_a_calendar(value: datetime) -> datetime:
    """Refuse a time that has no date in UTC once it is stored as seconds: 9999-12-31 in the west is in no year."""
    try:
        datetime.fromtimestamp(value.timestamp(), UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be in the years 1 to 9999, in UTC too") from None
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_in_a_calendar)]


class ImportedOutcome(BaseModel):
    """How the run ended."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: OutcomeKind
    step: Annotated[int, Field(ge=0, strict=True)]
    message: Annotated[str, Field(max_length=2000, pattern="^[^\\x00]*$")]


class ImportedRun(BaseModel):
    """A run that has succeeded elsewhere, without its traces' numbers; times are those of the other laboratory."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str
    spec: dict[str, Any]
    step: Annotated[int, Field(ge=0, strict=True)]
    outcome: ImportedOutcome
    summary: dict[str, float | Annotated[int, Field(ge=-(2**53), le=2**53)] | Literal["-Infinity"] | None]
    started_at: Moment
    finished_at: Moment
    origin: Annotated[str, Field(max_length=200, pattern="^[^\\x00]*$", description="Where the run was trained.")]


def parse_run(data: object) -> tuple[ImportedRun, RunSpec]:
    """Return a run and its specification; raises InvalidSpec naming every wrong field."""
    try:
        run = ImportedRun.model_validate(data)
    except ValidationError as error:
        raise invalid(ImportedRun, data, error) from None
    try:
        spec = parse_spec(run.spec, stored=True)
    except InvalidSpec as error:
        raise InvalidSpec(tuple(p._replace(field=f"spec.{p.field}".rstrip(".")) for p in error.problems)) from None
    _require(run.id == spec.digest, "id", f"must be the digest of the specification, {spec.digest}", run.id)
    _require(run.step <= spec.steps, "step", f"must be at most {spec.steps}", run.step)
    _require(run.outcome.step <= run.step, "outcome.step", f"must be at most {run.step}", run.outcome.step)
    for name in run.summary:
        _require(name in METRICS, f"summary.{name}", "is no metric", name)
    return run, spec


def store(db: Database, run: ImportedRun, spec: RunSpec, values: Mapping[str, Array]) -> bool:
    """Store a run with all its points by trace, [points, *size]; False where the run exists already, in any state.

    Raises InvalidSpec where the points are not those that the specification declares up to the run's step.
    """
    blocks = _blocks(spec, run.step, values)
    with db.write() as conn:
        now = clock(conn)
        if not row.insert(conn, [(spec, _row(run, spec, now))]):
            return False
        writing.append(conn, {run.id: blocks})
        log(conn, [(run.id, "imported", {"origin": run.origin})], now)
    return True


def _blocks(spec: RunSpec, step: int, values: Mapping[str, Array]) -> list[TraceBlock]:
    former = {now: info for now, info in spec.former_traces().items() if info.name in values}
    declared = {info.name: info for info in (former.get(info.name, info) for info in spec.traces())}
    for name in values:
        _require(name in declared, f"traces.{name}", "the specification declares no such trace", name)
    blocks: list[TraceBlock] = []
    for name, info in declared.items():
        shape, points = (step // info.every, *info.size), values.get(name, np.empty((0, *info.size)))
        _require(points.shape == shape, f"traces.{name}", f"must be of shape {shape}", str(points.shape))
        each = max(1, _BLOCK_NUMBERS // max(1, points[:1].size))
        blocks += [
            TraceBlock(name, (first + 1) * info.every, info.every, points[first : first + each])
            for first in range(0, len(points), each)
        ]
    return blocks


def _row(run: ImportedRun, spec: RunSpec, now: float) -> dict[str, Any]:
    return row.queued(spec, now) | {
        "origin": "imported",
        "state": "succeeded",
        "step": run.step,
        "outcome_kind": run.outcome.kind,
        "outcome_step": run.outcome.step,
        "outcome_message": run.outcome.message,
        "summary": summaries.encode(run.summary),
        "started_at": run.started_at.timestamp(),
        "finished_at": run.finished_at.timestamp(),
    }


def _require(holds: bool, field: str, message: str, value: object) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise InvalidSpec((FieldProblem(field, message, value),))
