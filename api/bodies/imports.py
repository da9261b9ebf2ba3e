"""The bodies of answers that take results elsewhere: several traces at once, and imports."""

from __future__ import annotations

from api.bodies.schemas import Body, Trace
from services.words import State


class ManyTraces(Body):
    """Several traces of several runs: all of the first run, then all of the next."""

    traces: list[Trace]


class Import(Body):
    """What became of a run that was brought: stored, or left alone because it stands in some state."""

    id: str
    new: bool
    state: State
