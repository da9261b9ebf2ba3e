"""No clipping."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ltd_core.clipping.rule import Clipped, Clipping
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoClipping(Clipping):
    """The gradient is used as it is."""

    formula: ClassVar[str] = "g"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"kind"})

    kind: Literal["none"] = "none"

    @classmethod
    def clip(cls, gradient: torch.Tensor, norm: torch.Tensor, settings: Mapping[str, torch.Tensor]) -> Clipped:  # noqa: ARG003
        """Return the gradient itself."""
        return Clipped(gradient, torch.zeros_like(norm))
