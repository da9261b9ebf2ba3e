"""Decay of the learning rate with one over the number of updates."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Count
from ltd_core.schedules.schedule import Schedule


class InverseSchedule(Schedule):
    """The learning rate falls like 1 / t, whose sum has no limit and whose squares' sum has one."""

    formula: ClassVar[str] = "lr_t = lr / (1 + (t - 1) / half_life)"
    source: ClassVar[str] = "Robbins and Monro 1951"

    kind: Literal["inverse"] = "inverse"
    half_life: Count = Field(default=1000, description="Updates until the learning rate is half of the first.")

    def factor(self, step: int) -> float:
        """Return the share that is left."""
        return 1.0 / (1.0 + (step - 1) / self.half_life)
