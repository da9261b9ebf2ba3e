"""What a regularizer is."""

from __future__ import annotations

from ltd_core.mechanism import Mechanism


class Regularizer(Mechanism):
    """A term added to the loss."""
