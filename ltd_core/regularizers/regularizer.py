"""The base class of regularizers."""

from __future__ import annotations

from typing import Literal

from ltd_core.mechanism import Mechanism

Ratio = Literal["", "squares", "norms"]


class Regularizer(Mechanism):
    """A term added to the loss."""

    @property
    def ratio_of(self) -> Ratio:
        """Return what the ratio is of that the way back measures; empty where it need not."""
        return ""

    @property
    def exact_ratio_of(self) -> Ratio:
        """Return what the ratio is of whose gradient goes through delta too; empty for none."""
        return ""

    def weight_at(self, step: int) -> float:  # noqa: ARG002
        """Return what the term is multiplied with at an update, counted from 1."""
        return 0.0
