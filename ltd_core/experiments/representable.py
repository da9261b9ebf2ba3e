"""Settings that a run's precision cannot hold: 1e-50 would act as 0 in single precision, 1e39 as infinity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel

from ltd_core.errors import FieldError


def require_representable(model: BaseModel, path: str, dtype: str) -> None:
    """Raise FieldError for a number that becomes 0, infinite or the end of an open range when it is rounded."""
    for name, value, bounds in _numbers(model, path):
        with np.errstate(over="ignore", under="ignore"):
            rounded = float(np.dtype(dtype).type(value))
        if rounded != value and (rounded in {0.0, *_open_ends(bounds)} or math.isinf(rounded)):
            raise FieldError(name, f"must not round to {rounded:g} in the run's precision, {dtype}, as {value!r} does")


def _numbers(model: BaseModel, path: str) -> Iterator[tuple[str, float, list[Any]]]:
    """Yield the floats of settings and of those inside them: where, which, and the bounds of their field."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _numbers(value, f"{path}.{name}")
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float):
                yield f"{path}.{name}", number, field.metadata


def _open_ends(bounds: list[Any]) -> Iterator[float]:
    """Return the ends that a range lacks."""
    ends = (getattr(bound, name, None) for bound in bounds for name in ("gt", "lt"))
    return (end for end in ends if end is not None)
