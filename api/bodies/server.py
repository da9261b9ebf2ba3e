"""What the server says of itself: workers, health, and problems."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.bodies.body import Body


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
    """The worker processes heard from, and the work there is."""

    workers: list[Worker]
    states: dict[str, int] = Field(description="Runs in each state that has any.")


class Health(Body):
    """Whether the server is alive, or ready."""

    status: str
    database: str | None = None
    broker: str | None = None


class Limit(Body):
    """What may be stored and taken, estimated before it is queued."""

    bytes: float = Field(description="Of points, before compression.")
    operations: float
    hours: float = Field(description="Of one core.")


class Limits(Body):
    """What a run and a sweep may store and take; settings of the server."""

    run: Limit
    sweep: Limit


class FieldFault(Body):
    """One thing wrong with a request."""

    field: str = Field(examples=["clipping.threshold"])
    message: str
    value: Any


class Estimate(Body):
    """Whether a run or a sweep would be accepted, and what it would store and take."""

    runs: int | None = Field(description="None where it would be refused.")
    cost: Limit | None = Field(description="None where it would be refused.")
    errors: list[FieldFault] = Field(description="What would be refused, and why.")


class Problem(Body):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldFault]
