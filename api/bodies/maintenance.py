"""The bodies of answers about the store itself: its room, how long points are kept, and what care of it did."""

from __future__ import annotations

from pydantic import Field

from api.bodies.body import Body


class TraceUsage(Body):
    """The room that one trace takes, over all runs."""

    name: str
    blocks: int
    blocks_bytes: int
    pages: int
    pages_bytes: int


class Policy(Body):
    """How long finest points are kept."""

    sweep: str | None = Field(description="None for runs of sweeps without a policy of their own, and of no sweep.")
    days: float | None = Field(description="Days after a run's end; None for ever.")


class Policies(Body):
    """All policies."""

    policies: list[Policy]


class Store(Policies):
    """What takes the room."""

    bytes: int = Field(description="Of the whole database.")
    rows: dict[str, int]
    states_bytes: int = Field(description="Of the states from which runs resume, and their final weights.")
    traces: list[TraceUsage]


class CareSlice(Body):
    """What about a second of care did."""

    runs: int
    looked_at: int
    changed: int
    findings: list[str]
    next: str | None = Field(description="Where to go on; None when every run was met.")
