"""The base classes of probes: each measures one trace on the device, without waiting for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from ltd_core.cells import Cell
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Level, Numbers, Picture, Scale
from ltd_core.plain_picture import worded
from ltd_core.probes.observation import Observation
from ltd_core.problems import Problem
from ltd_core.told import told
from ltd_core.trace import TraceInfo

_BINS = 60
"""Parts of a share whose means are drawn: of one update it may be a yes or no."""


class Observable(Protocol):
    """The part of a training's specification that decides which probes apply and how large their traces are."""

    @property
    def problem(self) -> Problem: ...
    @property
    def cell(self) -> Cell: ...
    @property
    def observation(self) -> Observation: ...
    @property
    def regularized(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Observed:
    """What B fresh sequences of one run showed, in float64 on the CPU; S H is the size of the whole state."""

    recurrent: torch.Tensor
    """W, [H, H]."""
    states: torch.Tensor
    """h after each step, of the last layer, [T, B, H], from the first step that all sequences have made."""
    gates: tuple[torch.Tensor, ...]
    """The values of what logistic functions open, [T, B, H] each."""
    jacobians: torch.Tensor
    """Of one step of the whole state, [T, B, S H, S H], new by old; [0] where a state depends on more than the last."""
    memory: torch.Tensor
    """d h_T / d h_{T-k} by lag k, [T, B, H, H]."""
    steps: int
    """The longest sequence of the problem."""


@dataclass(frozen=True, slots=True)
class Update:
    """What one update of K lanes leaves to be measured; numbers are one a lane, [K]."""

    loss: torch.Tensor
    error_rate: torch.Tensor
    gradient_norm: torch.Tensor
    clipped_norm: torch.Tensor
    clipped_share: torch.Tensor
    delta_logs: torch.Tensor
    """ln |delta| by lag T - t, [K, T]; -inf where delta is zero, NaN where the sequence was shorter."""
    gradient: torch.Tensor
    """Of all weights, before clipping, [K, P]."""
    groups: tuple[torch.Tensor, ...]
    """Where in a gradient the incoming recurrent weights of each group of the first layer's units lie."""
    omega: torch.Tensor
    omega_gradient_norm: torch.Tensor
    """With its weight; these two are 0 without a regularizer."""
    clipped: torch.Tensor
    """The gradient after clipping, [K, P]."""
    lr: torch.Tensor


class Probe(ABC):
    """One trace. `cost` says what measuring it takes."""

    name: ClassVar[str]
    unit: ClassVar[str]
    axes: ClassVar[tuple[str, ...]] = ("step",)
    every: ClassVar[int] = 1
    description: ClassVar[str]
    cost: ClassVar[str]
    question: ClassVar[str] = ""
    """What its picture answers; its description stands above the picture where nobody has said."""
    scale: ClassVar[Scale] = "linear"
    level: ClassVar[tuple[str, float] | None] = None
    """A value with a meaning, and its name."""

    @classmethod
    def applies(cls, spec: Observable) -> bool:  # noqa: ARG003
        """Return whether runs of a specification leave this trace."""
        return True

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:  # noqa: ARG003
        """Return the lengths of the axes after `step`."""
        return ()

    @classmethod
    def info(cls, spec: Observable) -> TraceInfo:
        """Return the declaration of the trace for a specification."""
        info = cls.size(spec), cls.coordinates(spec)
        return TraceInfo(cls.name, cls.unit, cls.axes, cls.period(spec), cls.description, *info)

    @classmethod
    def period(cls, spec: Observable) -> int:  # noqa: ARG003
        """Return the updates from one point to the next."""
        return cls.every

    @classmethod
    def coordinates(cls, spec: Observable) -> Mapping[str, Sequence[float | str]]:  # noqa: ARG003
        """Return the values along axes whose places are more than numbers."""
        return {}

    @classmethod
    def picture(cls, spec: Observable) -> Picture:  # noqa: ARG003
        """Return what its trace shows: over updates, a line for each value of the axis after them."""
        y = Axis(f"{worded(cls.name)} ({cls.unit})", cls.scale)
        if cls.unit == "share":
            y = Axis(worded(cls.name), share=True)
        by = cls.axes[1] if len(cls.axes) > 1 else ""
        curve = Curve(cls.name, "step", worded(by), by=by, bins=_BINS if cls.unit == "share" else 0)
        levels = (Level(*cls.level),) if cls.level else ()
        return Picture(cls.name, cls.question or cls.description, Axis("update"), y, (curve, *levels), cls.told)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Return the caption: the first and the last value of a curve."""
        if len(cls.axes) > 1:
            return ""
        first, last = (numbers.point(cls.name, place) for place in (0, -1))
        return f"{told(first)} at the first point, {told(last)} at the last."

    @classmethod
    def former(cls, spec: Observable) -> TraceInfo | None:  # noqa: ARG003
        """Return the declaration of the trace that runs of former releases left in its place."""
        return None


class UpdateProbe(Probe):
    """Measured at every update, from what it leaves; must not wait for the device."""

    @classmethod
    @abstractmethod
    def measure(cls, update: Update) -> torch.Tensor:
        """Return [K, *size]."""


class WeightProbe(Probe):
    """Measured before every update whose number is a multiple of `every`: too expensive for each."""

    @classmethod
    @abstractmethod
    def measure(cls, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return [K, *size] for named weights [K, ...]; "recurrent" is the matrix from state to state, [K, H, H]."""


class StateProbe(Probe):
    """Measured on fresh sequences, of one lane alone, after every update that a run's observation names."""

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return spec.observation.every > 0

    @classmethod
    def period(cls, spec: Observable) -> int:
        """Return the run's own period."""
        return spec.observation.every

    @classmethod
    @abstractmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [*size]."""
