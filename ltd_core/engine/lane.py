"""The host's side of one lane: which run it trains, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from ltd_core.clipping import Clipping
from ltd_core.clipping.none import NoClipping
from ltd_core.engine.summary import RunningSummary
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import stream_key


@dataclass(slots=True)
class Lane:
    """One run in a pack; `number` is the name that the caller gave the lane."""

    number: int
    spec: Training
    step: int = 0
    block_start: int = 0
    summary: RunningSummary = field(default_factory=RunningSummary)
    periodic: list[tuple[str, int, torch.Tensor]] = field(default_factory=list)
    evaluations: list[tuple[int, float, float]] = field(default_factory=list)
    key: int = 0
    last_state: bytes = b""
    former: bool = False
    """Whether a former release began the run: it goes on with the traces that it has."""
    clipping: Clipping = field(default_factory=NoClipping)
    """The run's rule, its threshold a number."""

    def __post_init__(self) -> None:
        self.key = stream_key(self.spec.seed, "data")
