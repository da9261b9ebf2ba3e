"""Clipping by a quantile of the run's recent gradient norms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ltd_core.clipping.rule import Clipped, Clipping, Gradient, Promise, shortened
from ltd_core.fields import Count, Share
from ltd_core.lazy import torch

LONGEST = 256


class QuantileClipping(Clipping):
    """The norm is clipped to a quantile of the norms of the run's last updates; the first update is not clipped."""

    formula: ClassVar[str] = (
        "v_t = quantile q of the last norms |g|, this one included; g <- g v_t / |g| when |g| > v_t"
    )
    source: ClassVar[str] = "Seetharaman et al. 2020, AutoClip, over a window"
    lane_fields: ClassVar[frozenset[str]] = frozenset({"quantile", "window"})
    memory: ClassVar[dict[str, int]] = {"norms": LONGEST, "seen": 1}
    promises: ClassVar[frozenset[Promise]] = frozenset({"direction", "signs"})

    kind: Literal["quantile"] = "quantile"
    quantile: Share = Field(default=0.9, description="q, the share of norms that lie below the threshold.")
    window: Annotated[Count, Field(le=LONGEST)] = Field(default=100, description="Norms that are remembered.")
    per: Literal["minibatch"] = Field(default="minibatch", description="The history is one of minibatches.")

    @classmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the shortened gradient and 1 where it was shortened; norms that are not finite are not remembered."""
        norm, kept, seen = gradient.norm, gradient.memory["norms"], gradient.memory["seen"]
        finite, window = torch.isfinite(norm), settings["window"].unsqueeze(-1)
        places = torch.arange(LONGEST, device=norm.device).to(norm.dtype)
        here = (places == torch.remainder(seen, window)) & finite.unsqueeze(-1)
        kept = torch.where(here, norm.unsqueeze(-1), kept)
        seen = seen + finite.unsqueeze(-1).to(norm.dtype)
        count = torch.minimum(seen, window)
        threshold = _quantile(torch.where(places < count, kept, torch.inf), count, settings["quantile"])
        rows, longer = shortened(gradient.rows, norm.unsqueeze(-1), threshold.unsqueeze(-1))
        return Clipped(rows, longer.squeeze(-1).to(norm.dtype), {"norms": kept, "seen": seen})


def _quantile(values: torch.Tensor, count: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Return a quantile of the first values in order, linearly between two of them, [K]; `count` of them is [K, 1]."""
    ordered = values.sort(dim=1)[0]
    place = share.unsqueeze(-1) * (count - 1).clamp(min=0)
    low = place.floor()
    first = ordered.gather(1, low.long())
    second = ordered.gather(1, torch.minimum(low + 1, (count - 1).clamp(min=0)).long())
    return torch.where(place == low, first, first + (second - first) * (place - low)).squeeze(-1)
