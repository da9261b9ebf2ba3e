"""One flat row of weights a lane, [K, P], with a named view for every weight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key

if TYPE_CHECKING:
    from ltd_core.experiments.training import Training


class Layout:
    """Where each weight of a training network lies: the cell's, then the readout V [H, O] and c [O]."""

    def __init__(self, spec: Training) -> None:
        outputs = spec.problem.output_size
        self.shapes = spec.cell.shapes(spec.problem.input_size) | {
            "V": (spec.cell.hidden_size, outputs),
            "c": (outputs,),
        }
        self._candidate = spec.cell.candidate * spec.cell.hidden_size
        self.size = sum(math.prod(shape) for shape in self.shapes.values())

    def views(self, flat: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the named views [K, *shape] of flat rows [K, P]."""
        parts = torch.split(flat, [math.prod(shape) for shape in self.shapes.values()], dim=1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def recurrent(self, flat: torch.Tensor) -> torch.Tensor:
        """Return the matrices from state to state, in a gated cell the candidate's, [K, H, H]."""
        matrices = self.views(flat)["W"]
        return matrices[:, :, self._candidate : self._candidate + matrices.shape[1]]

    def initial(self, spec: Training) -> torch.Tensor:
        """Return the weights that a run starts from, [P], float64: drawn alone, whatever its neighbors."""
        draws = Draws.of([stream_key(spec.seed, "initialization")], [0])
        weights = spec.cell.draw_weights(spec.initialization, draws, spec.problem.input_size)
        weights["V"] = spec.initialization.weight(draws, 1000, self._matrix("V"), spec.initialization.output_gain)
        weights["c"] = torch.zeros(self.shapes["c"], dtype=torch.float64)
        return torch.cat([weights[name].flatten() for name in self.shapes])

    def _matrix(self, name: str) -> tuple[int, int]:
        rows, columns = self.shapes[name]
        return rows, columns
