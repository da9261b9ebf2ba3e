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
