"""A trace as an array whose axes have names and coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ltd_client import libraries as lib

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import xarray as xr

    Array = np.ndarray[Any, np.dtype[Any]]

Json = dict[str, Any]

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FROM_ZERO = frozenset({"lag"})
"""Axes that are counted from 0 where the laboratory gives no coordinates; all others from 1."""


def numbers(values: Any) -> Any:
    """Return nested lists of REST with NaN and infinity as floats again."""
    return [numbers(value) for value in values] if isinstance(values, list) else _WORDS.get(values, values)


@dataclass(frozen=True, eq=False)
class TraceArray:
    """Part of a trace: `values[i, j]` belongs to `coordinates[axes[0]][i]` and `coordinates[axes[1]][j]`."""

    run: str
    name: str
    unit: str
    axes: tuple[str, ...]
    values: Array
    coordinates: Mapping[str, Array]
    level: int
    """0: `values` are the stored points; above it, the means of cells of 2^level points."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the lengths of the axes."""
        return tuple(self.values.shape)

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> Array:
        """Return the values, so that numpy and matplotlib take it as an array."""
        return lib.np.array(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        sides = ", ".join(f"{axis}: {length}" for axis, length in zip(self.axes, self.shape, strict=True))
        means = f", means of {2**self.level} points" if self.level else ""
        return f"TraceArray({self.name} [{self.unit}], {sides}{means})"

    def to_xarray(self) -> xr.DataArray:
        """Return an array of xarray, whose plots name the unit; raises MissingPackage."""
        attrs = {"units": self.unit, "long_name": self.name, "run": self.run, "level": self.level}
        return lib.xr.DataArray(self.values, dict(self.coordinates), self.axes, name=self.name, attrs=attrs)


def trace_array(view: Json) -> TraceArray:
    """Return a trace that `Lab.trace` read."""
    np, axes, size = lib.np, tuple(view["axes"]), view["size"]
    values = np.asarray(view["values"] if view["level"] == 0 else view["mean"], dtype=np.float64)
    return TraceArray(
        run=view["run"],
        name=view["name"],
        unit=view["unit"],
        axes=axes,
        values=values.reshape(len(view["steps"]), *size),
        coordinates={axis: np.asarray(_along(view, place)) for place, axis in enumerate(axes)},
        level=view["level"],
    )


def _along(view: Json, place: int) -> list[Any]:
    """Return the coordinates of an axis: the declared ones, else steps, else counted."""
    axis = view["axes"][place]
    declared = view["coordinates"].get(axis)
    if place == 0:
        return view["steps"] if declared is None else [declared[step // view["every"] - 1] for step in view["steps"]]
    first = 0 if axis in _FROM_ZERO else 1
    return list(range(first, first + view["size"][place - 1])) if declared is None else list(declared)
