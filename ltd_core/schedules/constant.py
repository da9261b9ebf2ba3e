"""A constant learning rate."""

from __future__ import annotations

from typing import ClassVar, Literal

from ltd_core.schedules.schedule import Schedule


class ConstantSchedule(Schedule):
    """The learning rate stays as it is."""

    formula: ClassVar[str] = "lr_t = lr"

    kind: Literal["constant"] = "constant"

    def factor(self, step: int) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0
