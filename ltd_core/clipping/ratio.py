"""Adaptive gradient clipping: by the ratio of gradient norm to weight norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise, shortened
from ltd_core.fields import Positive
from ltd_core.lazy import torch
from ltd_core.scaling import scaled_norms

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
        made, scaled = list[torch.Tensor](), list[torch.Tensor]()
        weights = gradient.views(gradient.weights)
        for name, part in gradient.views(gradient.rows).items():
            moved, of = (v if v.dim() == _MATRIX else v.unsqueeze(-1) for v in (part, weights[name]))
            limit = settings["ratio"].view(-1, 1, 1) * scaled_norms(of, keepdim=True).clamp(min=_SMALLEST)
            short, longer = shortened(moved, scaled_norms(moved, keepdim=True), limit)
            made.append(short.flatten(1))
            scaled.append(longer.expand_as(moved).flatten(1))
        return Clipped(torch.cat(made, 1), gradient.share(torch.cat(scaled, 1)))
