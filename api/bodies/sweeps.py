"""Sweeps as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.bodies.body import Body
from services.words import State


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
