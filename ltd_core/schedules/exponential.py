"""Exponential decay of the learning rate."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Count
from ltd_core.schedules.schedule import Schedule


class ExponentialSchedule(Schedule):
    """The learning rate halves again and again."""

    formula: ClassVar[str] = "lr_t = lr 2^(-(t - 1) / half_life)"

    kind: Literal["exponential"] = "exponential"
    half_life: Count = Field(default=1000, description="Updates in which the learning rate halves.")

    def factor(self, step: int) -> float:
        """Return the power of two."""
        return float(2.0 ** (-(step - 1) / self.half_life))
