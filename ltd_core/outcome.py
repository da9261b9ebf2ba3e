"""How a run ends, and what a run hands over on its way there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ltd_core.trace import TraceBlock

Summary = dict[str, float | int | None]
OutcomeKind = Literal["solved", "exhausted", "diverged"]
OUTCOMES: tuple[OutcomeKind, ...] = get_args(OutcomeKind)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The scientific result of a run that ended by itself. Divergence is a result, not a failure."""

    kind: OutcomeKind
    step: int
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything a run did since its last progress; `state` resumes it bit for bit from `step`."""

    step: int
    blocks: tuple[TraceBlock, ...]
    state: bytes
    summary: Summary
    outcome: Outcome | None
