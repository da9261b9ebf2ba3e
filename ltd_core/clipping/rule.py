"""The base class of clipping rules, and what a rule sees of K gradients."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism

Promise = Literal["bounded", "direction", "signs"]
"""Never longer than the threshold; a positive multiple of the gradient; no element of the other sign, so a descent."""


class Clipped(NamedTuple):
    """The gradient to use, [K, P], the share of it that was clipped, [K], in [0, 1], and a rule's new memory."""

    gradient: torch.Tensor
    share: torch.Tensor
    memory: Mapping[str, torch.Tensor] = {}


@dataclass(frozen=True, slots=True)
class Gradient:
    """What a rule sees: K gradients of P numbers and what goes with them, a row each."""

    rows: torch.Tensor
    """[K, P]."""
    norm: torch.Tensor
    """Euclidean norms, [K]."""
    weights: torch.Tensor
    """[K, P]."""
    views: Callable[[torch.Tensor], dict[str, torch.Tensor]]
    """From [K, P] to the named weights, [K, *shape]."""
    directions: Callable[[], torch.Tensor]
    """Draws a random direction for each row, [K, P] of norm 1; a row's does not depend on the others."""
    memory: Mapping[str, torch.Tensor]
    """What the rule remembers from the last update, [K, n]; all 0 at first."""
    movable: torch.Tensor | None = None
    """Which numbers some update moves, [P]; None for all. The others are 0 in `rows`."""

    def share(self, changed: torch.Tensor) -> torch.Tensor:
        """Return which share of the numbers that can move is `changed`, [K, P]."""
        if self.movable is None:
            return changed.sum(-1).to(self.rows.dtype) / self.rows.shape[-1]
        return (changed & self.movable).sum(-1).to(self.rows.dtype) / self.movable.sum()


def shortened(rows: torch.Tensor, norm: torch.Tensor, limit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows with those at the limit whose norm is over it, and which these are; all broadcast.

    In two factors where the quotient of limit and norm is below the normal numbers.
    """
    longer = norm > limit
    scale = torch.where(longer, limit / norm, 1.0)
    tiny = scale < torch.finfo(scale.dtype).tiny
    return rows * torch.where(tiny, 1.0 / norm, scale) * torch.where(tiny, limit, 1.0), longer


class Clipping(Mechanism):
    """A rule that replaces each lane's gradient before the update."""

    promises: ClassVar[frozenset[Promise]] = frozenset()
    """What holds of every finite gradient; tests hold the rule to it."""
    memory: ClassVar[dict[str, int]] = {}
    """Names of the numbers that the rule carries from update to update, and how many of each a lane has."""

    threshold_of: ClassVar[Literal["norm", "elements"]] = "norm"
    """What the rule compares with its threshold, so what a pilot measures: norms of gradients, or |g_i| of elements."""

    per: Literal["minibatch", "example"] = Field(
        default="minibatch",
        description="Clip the mean gradient of the minibatch, or every example's gradient before their mean is taken.",
    )

    @classmethod
    @abstractmethod
    def clip(cls, gradient: Gradient, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the clipped gradients; each setting of the rule is [K]."""
