"""Cosine decay of the learning rate."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.fields import Count, Share
from ltd_core.schedules.schedule import Schedule


class CosineSchedule(Schedule):
    """The learning rate follows half a cosine down to a last share, and stays there."""

    formula: ClassVar[str] = "lr_t = lr (last + (1 - last) (1 + cos(pi min(1, (t - 1) / duration))) / 2)"
    source: ClassVar[str] = "Loshchilov and Hutter 2017, SGDR, without restarts"

    kind: Literal["cosine"] = "cosine"
    duration: Count = Field(default=1000, description="Updates until the last learning rate.")
    last: Share = Field(default=0.0, description="The last learning rate's share of the first.")

    def factor(self, step: int) -> float:
        """Return the share that is left."""
        way = min(1.0, (step - 1) / self.duration)
        return self.last + (1.0 - self.last) * (1.0 + math.cos(math.pi * way)) / 2.0
