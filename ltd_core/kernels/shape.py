"""What kernels are compiled for, and where each weight lies in a lane's row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ltd_core.kernels.emitter import Precision
from ltd_core.recurrence.step import Step


class Shape(NamedTuple):
    """B sequences of I inputs, layers of H units, O outputs after each of the last `answers` steps.

    Answers are numbers right within a tolerance, or else classes; the last `scored` of them count for the error rate.
    """

    step: Step
    batch_size: int
    inputs: int
    size: int
    outputs: int
    tolerance: float | None
    precision: Precision
    delays: tuple[int, ...] = (1,)
    layers: int = 1
    answers: int = 1
    scored: int = 1
    ratio: str = ""
    """The ratio of norms that is regularized: of "norms" or of "squares"; none when empty."""

    @property
    def state(self) -> int:
        """Return the numbers of a state, B H."""
        return self.batch_size * self.size

    @property
    def rows(self) -> int:
        """Return the answers of a minibatch."""
        return self.answers * self.batch_size

    @property
    def line(self) -> int:
        """Return the numbers on the tape of one sequence at one step, Z H."""
        return self.step.slots * self.size

    @property
    def ring(self) -> int:
        """Return how many states must be held to make the next: a power of two."""
        return 1 << max(self.delays).bit_length()

    @property
    def recurrent(self) -> int:
        """Return the columns of W."""
        return len(self.step.recurrent) * self.size

    @property
    def entering(self) -> int:
        """Return the columns of U."""
        return len(self.step.entering) * self.size

    def layer(self, index: int) -> Shape:
        """Return the shape of a layer: what enters those above the first is the state of the one below."""
        return self._replace(inputs=self.size) if index else self

    @property
    def places(self) -> dict[str, int]:
        """Return where each weight begins: a layer's W, U, b and numbers of its units (W2, ...), then V and c."""
        counts: dict[str, int] = {}
        for place in range(self.layers):
            end = str(place + 1) if place else ""
            counts[f"W{end}"] = len(self.delays) * self.size * self.recurrent
            counts[f"U{end}"] = self.layer(place).inputs * self.entering
            counts[f"b{end}"] = (len(self.step.gates) + len(self.step.of_units)) * self.size
        counts |= {"V": self.size * self.outputs, "c": self.outputs}
        ends = 0
        starts = {}
        for name, count in counts.items():
            starts[name], ends = ends, ends + count
        return starts

    def parts(self) -> Iterator[tuple[int, int]]:
        """Yield where each vector of a line of outputs begins, and how many numbers it holds."""
        width = self.precision.width
        for first in range(0, self.outputs, width):
            yield first, min(width, self.outputs - first)
