"""The base class of regularizers."""

from __future__ import annotations

from typing import Literal

from ltd_core.mechanism import Mechanism

Ratio = Literal["", "squares", "norms"]


class Regularizer(Mechanism):
    """A term added to the loss."""

    @property
    def ratio_of(self) -> Ratio:
        """Return what the ratio of the backward pass is of; empty where none is measured."""
        return ""

    @property
    def exact_ratio_of(self) -> Ratio:
        """Return what the ratio is of, where its gradient goes through delta too; else empty."""
        return ""

    def weight_at(self, step: int) -> float:  # noqa: ARG002
        """Return what the term is multiplied with at an update, counted from 1."""
        return 0.0
