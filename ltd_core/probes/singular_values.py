"""Mean singular values of many matrices, told as far as rounding leaves them, and what their probes share."""

from __future__ import annotations

import math
import sys
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers, Scale
from ltd_core.probes.probe import StateProbe
from ltd_core.told import told


class SingularValues(StateProbe):
    """Singular values of a matrix that acts on the state, by rank."""

    unit: ClassVar[str] = "gain"
    axes: ClassVar[tuple[str, ...]] = ("step", "rank")
    scale: ClassVar[Scale] = "log"
    level: ClassVar[tuple[str, float] | None] = ("kept", 1.0)
    acts: ClassVar[str]
    """What the matrix stands for, in the words of a caption."""

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the largest and the smallest."""
        values = [value for value in numbers.line(cls.name, -1) if not math.isnan(value)]
        if not values:
            return "No singular value stands out of the rounding at the last observation."
        most, least = told(max(values)), told(min(values))
        return f"{cls.acts} stretches the state by at most {most} and at least {least}, at the last observation."


def mean_singular_values(matrices: torch.Tensor) -> torch.Tensor:
    """Return the mean over matrices [N, n, n] of each singular value, [n], largest first.

    Rows and columns of zeros, as dead units leave them, make as many values exactly 0. A mean within the rounding of
    the largest, eps n times it, is NaN: it may be zero or any smaller number. So is what is not finite.
    """
    size = matrices.shape[-1]
    if not torch.isfinite(matrices).all():
        return matrices.new_full((size,), torch.nan)
    nonzero = matrices != 0
    rank = torch.minimum(nonzero.any(1).sum(1), nonzero.any(2).sum(1)).unsqueeze(1)
    values = torch.where(torch.arange(size) < rank, torch.linalg.svdvals(matrices), 0.0).mean(0)
    lost = (values > 0) & (values <= sys.float_info.epsilon * size * values[0])
    return torch.where(lost, torch.nan, values)
