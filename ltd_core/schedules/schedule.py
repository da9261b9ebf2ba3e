"""The base class of learning-rate schedules."""

from __future__ import annotations

from abc import abstractmethod

from ltd_core.mechanism import Mechanism


class Schedule(Mechanism):
    """A factor of the learning rate."""

    @abstractmethod
    def factor(self, step: int) -> float:
        """Return the factor at an update, counted from 1; it begins at 1 and is never negative."""
