"""Clipping each element of the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping
from ltd_core.fields import Positive
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping


class ValueClipping(Clipping):
    """Every element is limited to [-threshold, threshold]: signs stay, the direction does not."""

    formula: ClassVar[str] = "g_i <- min(max(g_i, -v), v)"
    source: ClassVar[str] = "Mikolov 2012, Statistical language models based on neural networks (thesis)"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind", "threshold"})

    kind: Literal["value"] = "value"
    threshold: Positive = Field(default=1.0, description="v, the largest absolute value of an element.")

    @classmethod
    def clip(cls, gradient: torch.Tensor, norm: torch.Tensor, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the limited gradient and the share of its elements that were limited."""
        limit = settings["threshold"].unsqueeze(-1)
        share = (gradient.abs() > limit).sum(-1).to(norm.dtype) / gradient.shape[-1]
        return Clipped(torch.minimum(torch.maximum(gradient, -limit), limit), share)
