"""Replacing a gradient that is too long by a random step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise
from ltd_core.clipping.threshold import Threshold
from ltd_core.lazy import torch


class RandomClipping(Clipping):
    """When the gradient is too long, or not finite, a random direction of the threshold's length takes its place."""

    formula: ClassVar[str] = (
        "g <- v u, u uniform on the unit sphere, when |g| > v or g is not finite: never longer than v"
    )
    source: ClassVar[str] = "Goodfellow, Bengio and Courville 2016, Deep learning, section 10.11.1"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"threshold"})
    promises: ClassVar[frozenset[Promise]] = frozenset({"bounded"})

    kind: Literal["random"] = "random"
    threshold: Threshold = Field(
        default=1.0, description="v, the largest Euclidean norm and the length of a step, or a quantile from a pilot."
    )

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the gradient or the random step, and 1 where it is a random step."""
        threshold, norm = settings["threshold"], gradient.norm
        away = ~(norm <= threshold)  # also where the norm is NaN
        step = gradient.directions() * threshold.unsqueeze(-1)
        return Clipped(torch.where(away.unsqueeze(-1), step, gradient.rows), away.to(norm.dtype))
