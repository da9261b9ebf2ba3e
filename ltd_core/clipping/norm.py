"""Clipping by the global norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise, shortened
from ltd_core.clipping.threshold import Threshold
from ltd_core.lazy import torch


class NormClipping(Clipping):
    """A gradient longer than the threshold is shortened to it; by exactly v/|g|, without torch's 1e-6."""

    formula: ClassVar[str] = "g <- g v / |g| when |g| > v: never longer than v, direction kept"
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio 2013, algorithm 1"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind", "threshold"})
    promises: ClassVar[frozenset[Promise]] = frozenset({"bounded", "direction", "signs"})

    kind: Literal["norm"] = "norm"
    threshold: Threshold = Field(
        default=1.0, description="v, the largest Euclidean norm of the whole gradient, or a quantile from a pilot."
    )

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the shortened gradient and 1 where it was shortened, 0 where not."""
        rows, longer = shortened(gradient.rows, gradient.norm.unsqueeze(-1), settings["threshold"].unsqueeze(-1))
        return Clipped(rows, longer.squeeze(-1).to(rows.dtype))
