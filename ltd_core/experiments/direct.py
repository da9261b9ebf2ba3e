"""Experiments without training: computed at once from their specification, traced like any run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ltd_core.experiments.experiment import RunSpec
from ltd_core.lazy import torch
from ltd_core.outcome import Summary
from ltd_core.trace import TraceBlock

if TYPE_CHECKING:  # the registries of training load other packages, whose experiments import this module
    from ltd_core.experiments.training import Training


@dataclass(frozen=True)
class Computed:
    """The points of each declared trace, [steps, *size], and figures that comparisons use (see ltd_core.metrics)."""

    traces: dict[str, torch.Tensor]
    summary: Summary


class Engine(Protocol):
    """What an experiment may ask of the engine; a row [P] holds all weights of a network."""

    def initial_weights(self, training: Training) -> torch.Tensor:
        """Return the row that a run starts from."""

    def final_weights(self, trainings: Sequence[Training]) -> list[torch.Tensor]:
        """Train runs of one shape together, and return the row that each ends with."""

    def example_gradients(self, spec: Training, row: torch.Tensor, examples: int) -> torch.Tensor:
        """Return the gradients of `examples` sequences of one length, [N, P]; the seed decides the sequences."""


class Direct(RunSpec):
    """An experiment whose `step` axis is time, depth or a place on a line instead of updates; it takes seconds."""

    @cached_property
    def shape_key(self) -> str:
        """Return the key that all of them share: they are computed one after the other."""
        return "direct"

    @abstractmethod
    def compute_with(self, engine: Engine) -> Computed:
        """Return everything; a function of the specification alone, to the bit on one device type."""

    def blocks(self, computed: Computed) -> tuple[TraceBlock, ...]:
        """Return the traces as they are declared; raises ValueError where a shape does not fit."""
        blocks = []
        for info in self.traces():
            values = computed.traces[info.name].detach().cpu().numpy()
            expected = (self.steps // info.every, *info.size)
            if values.shape != expected:
                raise ValueError(f"trace {info.name} must have shape {expected}, not {values.shape}")
            blocks.append(TraceBlock(info.name, info.every, info.every, values))
        return tuple(blocks)


class Standalone(Direct):
    """One that needs nothing of the engine."""

    @abstractmethod
    def compute(self) -> Computed:
        """Return everything, in float64."""

    def compute_with(self, engine: Engine) -> Computed:  # noqa: ARG002
        """Return the same."""
        return self.compute()
