"""The gradient on its way back through time."""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Axis, HeatMap, Numbers, Picture, Scale
from ltd_core.probes.probe import Observable, Update, UpdateProbe
from ltd_core.recurrence.expression import walk
from ltd_core.told import told
from ltd_core.trace import TraceInfo

FORMER = "delta_norm"
_SATURATING = frozenset({"tanh", "sigmoid"})
"""Functions whose slope is never zero, but rounded to it far away from 0."""
_CUT = "At the last update the gradient at the earliest time step is exactly zero: every path to it is cut"
_ROUNDED = f"{_CUT.replace('exactly ', '')}, or saturated units on it have slopes that round to zero"


class DeltaLogNorm(UpdateProbe):
    """Logarithm of the norm of delta_t, step x lag."""

    name: ClassVar[str] = "delta_log_norm"
    unit: ClassVar[str] = "nats"
    axes: ClassVar[tuple[str, ...]] = ("step", "lag")
    description: ClassVar[str] = (
        "ln of the Euclidean norm, over the whole minibatch, of delta_t = d loss / d h_t at lag T - t, steps before "
        "the last: no float holds the norm itself after a long way. -inf where delta is zero: its path is cut, "
        "or the slopes of saturated units on it round to zero. NaN where the sequence was shorter."
    )
    cost: ClassVar[str] = (
        "a multiplication and an addition per number of delta, in registers while it passes; a logarithm per lag"
    )
    question: ClassVar[str] = "How far back does the gradient reach?"
    scale: ClassVar[Scale] = "ln"

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        """Return (T,)."""
        return (spec.problem.longest,)

    @classmethod
    def former(cls, spec: Observable) -> TraceInfo:
        """Return the norm itself, which single precision could not hold after a long way."""
        description = "Euclidean norm of delta_t at lag T - t, which may have left the range of a float; NaN as today."
        return TraceInfo(FORMER, "norm", cls.axes, cls.every, description, cls.size(spec))

    @classmethod
    def picture(cls, spec: Observable) -> Picture:
        """Return the norm by update and lag, as colors."""
        colors = HeatMap(cls.name, "step", "lag", Axis("‖δ‖", "ln"))
        saturates = any(n.operation in _SATURATING for n in walk(formula for _, formula in spec.cell.step.update))
        zero = _ROUNDED if saturates else _CUT
        caption = partial(cls.last_told, zero)
        return Picture(cls.name, cls.question, Axis("update"), Axis("steps back in time"), (colors,), caption)

    @classmethod
    def last_told(cls, zero: str, numbers: Numbers) -> str:
        """Say the change per step back at the last update, or what a zero means."""
        logs, rate = _known(numbers.line(cls.name, -1)), rate_of(numbers.line(cls.name, -1))
        if rate is None:
            return f"{zero}." if logs else ""
        return (
            f"At the last update ‖δ‖ changes by a factor of {told(math.exp(rate))} per step back in time; ln ‖δ‖ goes "
            f"from {told(logs[0])} to {told(logs[-1])} over {len(logs) - 1:,} steps."
        )

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        """Return [K, T]."""
        return update.delta_logs


def rate_of(logs: list[float]) -> float | None:
    """Return the mean growth per lag from the last time step to the earliest, in nats; None where an end has none."""
    known = _known(logs)
    if len(known) < 2 or not (math.isfinite(known[0]) and math.isfinite(known[-1])):  # noqa: PLR2004 - two ends
        return None
    return (known[-1] - known[0]) / (len(known) - 1)


def _known(logs: list[float]) -> list[float]:
    return [log for log in logs if not math.isnan(log)]
