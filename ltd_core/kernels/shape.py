"""What kernels are compiled for, and where each weight lies in a lane's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltd_core.kernels.emitter import Precision
    from ltd_core.recurrence.step import Step


class Shape(NamedTuple):
    """B sequences of I inputs, H units, O outputs: numbers right within a tolerance, or else classes."""

    step: Step
    batch_size: int
    inputs: int
    size: int
    outputs: int
    tolerance: float | None
    precision: Precision

    @property
    def state(self) -> int:
        """Return the numbers of a state, B H."""
        return self.batch_size * self.size

    @property
    def line(self) -> int:
        """Return the numbers on the tape of one sequence at one step, Z H."""
        return self.step.slots * self.size

    @property
    def places(self) -> dict[str, int]:
        """Return where each weight begins: W [H, gates H], U [I, gates H], b and the step's parameters, V [H, O], c."""
        step, size = self.step, self.size
        counts = {
            "W": size * len(step.recurrent) * size,
            "U": self.inputs * len(step.entering) * size,
            "b": len(step.slopes) * size,
            "V": size * self.outputs,
            "c": self.outputs,
        }
        ends = 0
        found = {}
        for name, count in counts.items():
            found[name], ends = ends, ends + count
        return found

    def parts(self) -> Iterator[tuple[int, int]]:
        """Yield where each vector of a line of outputs begins, and how many numbers it holds."""
        width = self.precision.width
        for first in range(0, self.outputs, width):
            yield first, min(width, self.outputs - first)
