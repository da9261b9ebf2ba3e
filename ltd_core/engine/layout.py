"""The weights of each lane in one flat row, [K, P], with a named view of every weight."""

from __future__ import annotations

import math

from ltd_core.engine.constraint import Orthogonal
from ltd_core.engine.threads import one_thread
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key


class Layout:
    """Where each weight of a training network lies: the cell's, then the readout V [H, O] and c [O]."""

    def __init__(self, spec: Training) -> None:
        outputs = spec.problem.output_size
        self.shapes = spec.cell.shapes(spec.problem.input_size) | {
            "V": (spec.cell.hidden_size, outputs),
            "c": (outputs,),
        }
        self._units = spec.cell.hidden_size
        self._candidate = spec.cell.candidate * self._units
        self.size = sum(math.prod(shape) for shape in self.shapes.values())
        self.constraint = Orthogonal(spec, self.shapes) if spec.cell.orthogonal else None
        periods = spec.cell.periods(spec.problem.input_size)
        self.periods = self._periods(periods) if periods else None
        """Updates from one move of each weight to the next, [P], 0 for never; None where all move at each."""
        columns = spec.cell.of_groups(tuple(range(len(spec.cell.groups)))).repeat(len(spec.cell.step.recurrent))
        matrix = torch.arange(math.prod(self.shapes["W"])).view(self.shapes["W"])
        self.groups = [matrix[:, columns == group].flatten() for group in range(len(spec.cell.groups))]
        """Where the incoming recurrent weights of each group of the first layer's units lie."""

    def views(self, flat: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the named views [K, *shape] of flat rows [K, P]."""
        parts = torch.split(flat, [math.prod(shape) for shape in self.shapes.values()], dim=1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def effective(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the weights that rows stand for, [K, P]: the rows themselves where there is no constraint."""
        return rows if self.constraint is None else self.constraint.effective(rows)

    def recurrent(self, flat: torch.Tensor) -> torch.Tensor:
        """Return the first layer's matrices from state to state, of the first delay, a gated cell's candidate's."""
        matrices = self.views(flat)["W"]
        return matrices[:, : self._units, self._candidate : self._candidate + self._units]

    @one_thread
    def initial(self, spec: Training) -> torch.Tensor:
        """Return the weights that a run starts from, [P], float64; they depend on its seed alone."""
        draws = Draws.of([stream_key(spec.seed, "initialization")], [0])
        weights = spec.cell.draw_weights(spec.initialization, draws, spec.problem.input_size)
        weights["V"] = spec.initialization.weight(draws, 1000, self._matrix("V"), spec.initialization.output_gain)
        weights["c"] = torch.zeros(self.shapes["c"], dtype=torch.float64)
        row = torch.cat([weights[name].flatten() for name in self.shapes])
        return row if self.constraint is None else self.constraint.free(row)

    def _periods(self, given: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the periods of all weights: 1 where none is known."""
        every = {name: torch.ones(shape, dtype=torch.int64) for name, shape in self.shapes.items()} | given
        return torch.cat([every[name].flatten() for name in self.shapes])

    def _matrix(self, name: str) -> tuple[int, int]:
        rows, columns = self.shapes[name]
        return rows, columns
