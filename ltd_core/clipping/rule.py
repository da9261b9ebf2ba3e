"""What a clipping rule is."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from ltd_core.mechanism import Mechanism

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ltd_core.lazy import torch


class Clipped(NamedTuple):
    """The gradient to use, [K, P], and the share of it that was clipped, [K], in [0, 1]."""

    gradient: torch.Tensor
    share: torch.Tensor


class Clipping(Mechanism):
    """A rule that replaces each lane's gradient before the update."""

    @classmethod
    @abstractmethod
    def clip(cls, gradient: torch.Tensor, norm: torch.Tensor, settings: Mapping[str, torch.Tensor]) -> Clipped:
        """Return the clipped gradients. gradient [K, P], its Euclidean norm [K], each setting of the rule [K]."""
