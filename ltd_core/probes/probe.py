"""What a probe is: one trace, measured on the device, without a synchronization."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ltd_core.trace import TraceInfo

if TYPE_CHECKING:
    from ltd_core.experiments.training import Training
    from ltd_core.lazy import torch


@dataclass(frozen=True, slots=True)
class Update:
    """What one update of K lanes leaves to be measured; numbers are one a lane, [K]."""

    loss: torch.Tensor
    error_rate: torch.Tensor
    gradient_norm: torch.Tensor
    clipped_norm: torch.Tensor
    clipped_share: torch.Tensor
    delta_norms: torch.Tensor
    """By lag T - t, [K, T]; NaN where the sequence was shorter."""


class Probe(ABC):
    """One trace. `cost` says what measuring it takes."""

    name: ClassVar[str]
    unit: ClassVar[str]
    axes: ClassVar[tuple[str, ...]] = ("step",)
    every: ClassVar[int] = 1
    description: ClassVar[str]
    cost: ClassVar[str]

    @classmethod
    def size(cls, spec: Training) -> tuple[int, ...]:  # noqa: ARG003
        """Return the lengths of the axes after `step`."""
        return ()

    @classmethod
    def info(cls, spec: Training) -> TraceInfo:
        """Return the declaration of the trace for a specification."""
        return TraceInfo(cls.name, cls.unit, cls.axes, cls.every, cls.description, cls.size(spec))


class UpdateProbe(Probe):
    """Measured at every update, from what it leaves; must not wait for the device."""

    @classmethod
    @abstractmethod
    def measure(cls, update: Update) -> torch.Tensor:
        """Return [K, *size]."""


class WeightProbe(Probe):
    """Measured before every update whose number is a multiple of `every`: dear, so it has a period."""

    @classmethod
    @abstractmethod
    def measure(cls, recurrent: torch.Tensor) -> torch.Tensor:
        """Return [K, *size] for the matrices from state to state, [K, H, H]."""
