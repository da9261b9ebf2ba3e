"""No clipping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise
from ltd_core.lazy import torch


class NoClipping(Clipping):
    """The gradient is used as it is."""

    formula: ClassVar[str] = "g"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind"})
    promises: ClassVar[frozenset[Promise]] = frozenset({"direction", "signs"})

    kind: Literal["none"] = "none"
    per: Literal["minibatch"] = Field(default="minibatch", description="Nothing is clipped, so examples need not be.")

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:  # noqa: ARG003
        """Return the gradient itself."""
        return Clipped(gradient.rows, torch.zeros_like(gradient.norm))
