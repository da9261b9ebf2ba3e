"""What a trace is: named values along axes, in a unit, and the blocks in which a run hands them over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class TraceInfo:
    """A trace: `size` holds the lengths of the axes after `step`; a point exists at every multiple of `every`."""

    name: str
    unit: str
    axes: tuple[str, ...]
    every: int
    description: str
    size: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceBlock:
    """Consecutive points of one trace: `values[i]`, of shape `size`, belongs to step `first_step + i * every`."""

    name: str
    first_step: int
    every: int
    values: np.ndarray[Any, np.dtype[Any]]

    @property
    def last_step(self) -> int:
        """Return the step of the last point."""
        return self.first_step + (len(self.values) - 1) * self.every
