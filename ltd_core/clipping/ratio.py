"""Adaptive gradient clipping: by the ratio of gradient norm to weight norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise
from ltd_core.fields import Positive
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

_SMALLEST = 1e-3
_MATRIX = 3


class RatioClipping(Clipping):
    """The gradient of a unit's incoming weights may be no longer than a share of these weights."""

    formula: ClassVar[str] = (
        "for each column w of a matrix, and each vector of biases: g_w <- g_w r m / |g_w| when |g_w| > r m, "
        "m = max(|w|, 1e-3)"
    )
    source: ClassVar[str] = "Brock, De, Smith and Simonyan 2021, High-performance large-scale image recognition (AGC)"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"ratio"})
    promises: ClassVar[frozenset[Promise]] = frozenset({"signs"})

    kind: Literal["ratio"] = "ratio"
    ratio: Positive = Field(default=0.01, description="r, the longest gradient as a share of the weights it moves.")

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the gradient with its columns shortened, and the share of its numbers that were scaled."""
        made, scaled = list[torch.Tensor](), torch.zeros_like(gradient.norm)
        weights = gradient.views(gradient.weights)
        for name, part in gradient.views(gradient.rows).items():
            moved, of = (v if v.dim() == _MATRIX else v.unsqueeze(-1) for v in (part, weights[name]))
            size = torch.linalg.vector_norm(moved, dim=1, keepdim=True)
            limit = settings["ratio"].view(-1, 1, 1) * torch.linalg.vector_norm(of, dim=1, keepdim=True).clamp(
                min=_SMALLEST
            )
            longer = size > limit
            scale = torch.where(longer, limit / size, torch.ones_like(size))
            made.append((moved * scale).flatten(1))
            scaled = scaled + longer.sum((1, 2)).to(size.dtype) * moved.shape[1]
        return Clipped(torch.cat(made, 1), scaled / gradient.rows.shape[1])
