"""Runs as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.bodies.body import Body
from api.bodies.traces import Word
from ltd_core.outcome import OutcomeKind
from services.runs.reasons import told_reasons
from services.words import Origin, Replay, State


class Outcome(Body):
    """How a run ended that was trained to its end."""

    kind: OutcomeKind
    step: int
    message: str


class Replayed(Body):
    """What training a run again showed."""

    id: str = Field(description="The run beside it.")
    verdict: Replay
    difference: str | None = Field(description="The first difference.")


class Run(Body):
    """A run as it stands."""

    id: str
    state: State
    step: int = Field(description="Updates done and stored.")
    updates: int
    experiment: str
    spec: dict[str, Any] = Field(description="The specification, every default written out.")
    outcome: Outcome | None
    summary: dict[str, float | Word | None] = Field(description="Metrics by name; see /api/v1/mechanisms.")
    origin: Origin = Field(description="Trained here, imported, or trained here again beside another run's results.")
    replay: Replayed | None
    absent: dict[str, str] = Field(description=f"Why metrics of the summary have no value. {told_reasons()}")
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


class Deleted(Body):
    """What was deleted, or would be."""

    runs: int = Field(description="Runs, with their traces, states, events and replays.")
    kept: int = Field(description="Runs of the sweep that stay: another sweep has them, or they were posted alone too.")
    bytes: int = Field(description="Of their traces and states.")


class Runs(Body):
    """A page of runs, newest first."""

    runs: list[Run]
    next: str | None = Field(description="The cursor of the next page.")


class Import(Body):
    """What became of a run that was brought: stored, or left alone because it stands in some state."""

    id: str
    new: bool
    state: State
