"""What a trace is: named values along axes, in a unit, and the blocks in which a run hands them over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FROM_ZERO = frozenset({"lag"})
"""Axes that are counted from 0 where no coordinates are declared; all others from 1."""


@dataclass(frozen=True, slots=True)
class TraceInfo:
    """A trace: `size` holds the lengths of the axes after `step`; a point exists at every multiple of `every`."""

    name: str
    unit: str
    axes: tuple[str, ...]
    every: int
    description: str
    size: tuple[int, ...] = ()
    coordinates: Mapping[str, Sequence[float | str]] = field(default_factory=dict, hash=False)
    """By axis, the value of each place on it, where that is not its number: thresholds, names of rules."""

    def along(self, axis: str) -> Sequence[float | str]:
        """Return the values of an axis after the first, or the declared ones of the first (empty: its steps)."""
        if axis in self.coordinates:
            return self.coordinates[axis]
        place = self.axes.index(axis)
        first = 0 if axis in FROM_ZERO else 1
        return range(first, first + self.size[place - 1]) if place else ()

    def described(self) -> dict[str, Any]:
        """Return the declaration as plain values, without its description."""
        named = {name: getattr(self, name) for name in ("name", "unit", "axes", "every", "size")}
        return named | {"coordinates": {axis: list(self.along(axis)) for axis in self.coordinates}}


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
