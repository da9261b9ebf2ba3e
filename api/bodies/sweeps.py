"""Sweeps as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.bodies.body import Body
from services.words import State


class _Sweep(Body):
    """What lists tell of a sweep too."""

    id: str
    name: str
    base: dict[str, Any]
    axes: dict[str, list[Any]]
    created_at: datetime
    runs: int
    states: dict[State, int]
    outcomes: dict[str, int]
    updates_done: int
    updates_total: int
    finished: bool
    cancelled_at: datetime | None


class Sweep(_Sweep):
    """A sweep as it stands."""

    seeds: list[int]


class SeedRange(Body):
    """How many seeds a sweep has, and between which."""

    count: int
    least: int
    greatest: int


class ListedSweep(_Sweep):
    """A sweep in a list: of long axes the first values, of its seeds the range; the sweep itself has them all."""

    axis_sizes: dict[str, int] = Field(description="How many values each axis has.")
    seeds: SeedRange


class PostedSweep(Sweep):
    """A sweep, and how many of its runs are new, queued again, or there already."""

    new: int
    restarted: int
    stood: int


class CancelledSweep(Sweep):
    """A sweep, how many of its runs were cancelled, and how many go on for other sweeps or because posted alone."""

    cancelled: int = Field(description="Queued runs that are cancelled, and running ones that end at their next block.")
    kept: int = Field(description="Runs that another sweep waits for, or that were posted alone too.")


class Sweeps(Body):
    """A page of sweeps, newest first."""

    sweeps: list[ListedSweep]
    next: str | None = Field(description="The cursor of the next page.")
