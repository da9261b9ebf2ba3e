"""Clipping by value, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise
from ltd_core.clipping.threshold import Threshold
from ltd_core.lazy import torch


class ValueClipping(Clipping):
    """Every element is limited to [-threshold, threshold]: signs stay, the direction does not."""

    formula: ClassVar[str] = "g_i <- min(max(g_i, -v), v): no element beyond v, signs kept, still a descent"
    source: ClassVar[str] = "Mikolov 2012, Statistical language models based on neural networks (thesis)"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind", "threshold"})
    promises: ClassVar[frozenset[Promise]] = frozenset({"signs"})
    threshold_of: ClassVar[Literal["norm", "elements"]] = "elements"

    kind: Literal["value"] = "value"
    threshold: Threshold = Field(
        default=1.0, description="v, the largest absolute value of an element, or a quantile from a pilot."
    )

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the limited gradient and the share of its elements that were limited."""
        threshold, rows = settings["threshold"].unsqueeze(-1), gradient.rows
        limited = torch.minimum(torch.maximum(rows, -threshold), threshold)
        return Clipped(limited, gradient.share(rows.abs() > threshold))
