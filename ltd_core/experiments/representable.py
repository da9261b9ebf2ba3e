"""Settings that a run's precision cannot hold: 1e-50 would act as 0 in single precision, 1e39 as infinity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from ltd_core.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator


def require_representable(model: BaseModel, path: str, dtype: str) -> None:
    """Raise FieldError for a number that becomes 0, infinite or the end of an open range when it is rounded."""
    for name, values, ends in _numbers(model, path):
        for value in values:
            with np.errstate(over="ignore", under="ignore"):
                rounded = float(np.dtype(dtype).type(value))
            if rounded != value and (rounded in {0.0, *ends} or math.isinf(rounded)):
                raise FieldError(
                    name, f"must not round to {rounded:g} in the run's precision, {dtype}, as {value!r} does"
                )


def _numbers(model: BaseModel, path: str) -> Iterator[tuple[str, tuple[float, ...], set[float]]]:
    """Yield the floats of settings and of those inside them: where, which, and the ends that their range lacks."""
    for name, field in type(model).model_fields.items():
        value, place = getattr(model, name), f"{path}.{name}"
        if isinstance(value, BaseModel):
            yield from _numbers(value, place)
        elif isinstance(value, float | tuple):
            values = value if isinstance(value, tuple) else (value,)
            yield place, tuple(v for v in values if isinstance(v, float)), set(_open_ends(field.metadata))


def _open_ends(metadata: list[Any]) -> Iterator[float]:
    for bound in metadata:
        for name in ("gt", "lt"):
            if (end := getattr(bound, name, None)) is not None:
                yield float(end)
