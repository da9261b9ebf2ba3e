"""Clipping by the norm of each weight's gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise, shortened
from ltd_core.clipping.threshold import Threshold
from ltd_core.lazy import torch
from ltd_core.scaling import norms


class LayerNormClipping(Clipping):
    """The gradient of every weight matrix or bias that is longer than the threshold is shortened to it."""

    formula: ClassVar[str] = (
        "g_w <- g_w v / |g_w| for each of W, U, b, V, c with |g_w| > v: each keeps its own direction"
    )
    source: ClassVar[str] = "Layer-wise form of Pascanu, Mikolov and Bengio 2013, algorithm 1"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind", "threshold"})
    promises: ClassVar[frozenset[Promise]] = frozenset({"signs"})

    kind: Literal["layer_norm"] = "layer_norm"
    threshold: Threshold = Field(
        default=1.0, description="v, the largest Euclidean norm of one weight's gradient, or a quantile from a pilot."
    )

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the gradient with its parts shortened, and the share of its numbers that were scaled."""
        threshold, made, scaled = settings["threshold"], list[torch.Tensor](), list[torch.Tensor]()
        for part in gradient.views(gradient.rows).values():
            rows = part.flatten(1)
            short, longer = shortened(rows, norms(rows, keepdim=True), threshold.unsqueeze(-1))
            made.append(short)
            scaled.append(longer.expand_as(rows))
        return Clipped(torch.cat(made, 1), gradient.share(torch.cat(scaled, 1)))
