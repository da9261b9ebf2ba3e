"""Clipping the norm of the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping
from ltd_core.fields import Positive
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping


class NormClipping(Clipping):
    """A gradient longer than the threshold is shortened to it; by exactly v/|g|, without torch's 1e-6."""

    formula: ClassVar[str] = "g <- g v / |g| when |g| > v"
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio 2013, algorithm 1"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind", "threshold"})

    kind: Literal["norm"] = "norm"
    threshold: Positive = Field(default=1.0, description="v, the largest Euclidean norm of the whole gradient.")

    @classmethod
    def clip(cls, gradient: torch.Tensor, norm: torch.Tensor, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the shortened gradient and 1 where it was shortened, 0 where not."""
        limit = settings["threshold"]
        longer = norm > limit
        scale = torch.where(longer, limit / norm, torch.ones_like(norm))
        return Clipped(gradient * scale.unsqueeze(-1), longer.to(norm.dtype))
