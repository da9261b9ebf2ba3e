"""Time constants of units whose leak is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers, Scale
from ltd_core.probes.probe import Observable, WeightProbe
from ltd_core.time_scales.learned import LOGIT, LearnedTimeScale
from ltd_core.told import told


class TimeConstant(WeightProbe):
    """-1 / ln alpha of every unit."""

    name: ClassVar[str] = "time_constant"
    unit: ClassVar[str] = "time steps"
    axes: ClassVar[tuple[str, ...]] = ("step", "unit")
    every: ClassVar[int] = 10
    description: ClassVar[str] = "Time constant of each leaky unit of the first layer before the update."
    cost: ClassVar[str] = "two functions of each unit's number: every 10 updates"
    question: ClassVar[str] = "Which time scales does training find?"
    scale: ClassVar[Scale] = "log"

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return isinstance(getattr(spec.cell, "time_scale", None), LearnedTimeScale)

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (spec.cell.hidden_size,)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the range of the last ones."""
        first, last = (numbers.line(cls.name, point) for point in (0, -1))
        return (
            f"Time constants lie between {told(min(first))} and {told(max(first))} steps at first, between "
            f"{told(min(last))} and {told(max(last))} in the end."
        )

    @classmethod
    def measure(cls, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return [K, H]: -1 / ln sigmoid(a) = 1 / ln(1 + e^-a), row by row so that no bit depends on K."""
        rows = [1.0 / torch.nn.functional.softplus(-row.double()) for row in weights[LOGIT].unbind()]
        return torch.stack(rows).to(weights[LOGIT].dtype)
