"""Observed runs, and what their fresh sequences show by slow loops, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from ltd_core.engine import weights
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.probes import Observed
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.oracle import by_engine, run_of
from tests.ltd_core.plain import Path, States, Weights, one_step, path
from tests.ltd_core.training import alone

Array = np.ndarray[Any, Any]
EVERY, SEQUENCES, UPDATES = 4, 3, 8
_LEAKY = {"kind": "learned", "alpha": [0.3, 0.9]}
MARKOV: dict[str, dict[str, Any]] = {
    "rnn": {"kind": "rnn"},
    "leaky relu": {"kind": "rnn", "nonlinearity": "relu", "time_scale": {"kind": "constant", "alpha": [0.4, 0.8]}},
    "leaky clockwork": {"kind": "rnn", "state_periods": [1, 3], "time_scale": _LEAKY},
    "lstm": {"kind": "lstm"},
    "coupled peephole": {"kind": "lstm", "coupled": True, "peephole": True},
    "gru": {"kind": "gru"},
    "mgu": {"kind": "mgu"},
}
"""Cells whose next state depends on the last alone."""
OTHERS: dict[str, dict[str, Any]] = {
    "skip": {"kind": "rnn", "delays": [1, 3]},
    "removed": {"kind": "rnn", "delays": [2]},
    "layers": {"kind": "rnn", "layers": 2, "time_scale": _LEAKY},
    "lstm layers with skips": {"kind": "lstm", "layers": 2, "delays": [1, 5], "peephole": True},
}
ALL = MARKOV | OTHERS


def observed(name: str, /, **changes: Any) -> Training:
    """Return a run of a few units that is observed twice."""
    settings = {"cell": ALL[name] | {"hidden_size": 5}, "updates": UPDATES}
    return run_of(**settings | {"observation": {"every": EVERY, "sequences": SEQUENCES}} | changes)


def traced(spec: Training, name: str) -> Array:
    """Return a trace by the engine."""
    return by_engine(spec).array(name)


@dataclass(frozen=True)
class Look:
    """What a run shows after an update."""

    cell: dict[str, Any]
    weights: Weights
    inputs: torch.Tensor
    """[T, B, I], from the first step of the sequences."""

    @cached_property
    def found(self) -> Path:
        return path(self.cell, self.weights, self.inputs)

    @cached_property
    def jacobians(self) -> Array:
        """One step's, of each step and sequence by itself, [T, B, S H, S H], new by old."""
        steps, sequences, _ = self.inputs.shape
        return np.array([[self._jacobian(t, b) for b in range(sequences)] for t in range(steps)])

    def _jacobian(self, t: int, b: int) -> Array:
        nothing = tuple(torch.zeros_like(state) for state in self.found[0][0])
        before = self.found[0][t - 1] if t else nothing
        x, size = self.inputs[t, b : b + 1], self.cell["hidden_size"]

        def after(flat: torch.Tensor) -> torch.Tensor:
            states: States = tuple(part.view(1, -1) for part in flat.split(size))
            return torch.cat([s.flatten() for s in one_step(self.cell, self.weights, 0, [states] * (t + 1), x)])

        flat = torch.cat([state[b].detach() for state in before])
        made: Array = torch.autograd.functional.jacobian(after, flat).detach().numpy()
        return made

    @cached_property
    def memory(self) -> Array:
        """d h_T / d h_{T-k} of the last layer, one number of h_T at a time, [T, B, H, H] by lag k, new by old."""
        states = [step[0] for step in reversed(self.found[-1])]
        rows = [[self._way_back(states, b, unit) for unit in range(states[0].shape[1])] for b in range(SEQUENCES)]
        return np.array(rows).transpose(2, 0, 1, 3)

    @staticmethod
    def _way_back(states: list[torch.Tensor], b: int, unit: int) -> list[Array]:
        made = torch.autograd.grad(states[0][b, unit], states, retain_graph=True, allow_unused=True)
        return [np.zeros(states[0].shape[1]) if part is None else part[b].numpy() for part in made]


@cache
def looks(spec: Training) -> list[Look]:
    """Return what the run shows after each update that it is observed at."""
    found = []
    for step in range(EVERY, UPDATES + 1, EVERY):
        shorter = spec.model_copy(update={"updates": step})
        reached = weights(alone(type(spec).model_validate(shorter.full()))[-1].state)
        trained = {name: torch.from_numpy(value.copy()).double().requires_grad_() for name, value in reached.items()}
        draws = Draws.of([stream_key(spec.seed, "observation")], [step])
        batch = spec.problem.draw_fresh(draws, SEQUENCES, torch.float64)
        found.append(Look(spec.full()["cell"], trained, batch.inputs[0, int(batch.starts[0]) :]))
    return found


def broken(size: int = 3) -> Observed:
    """Return what a run shows whose weights are no longer finite."""
    lost = torch.full((4, 2, size, size), torch.nan, dtype=torch.float64)
    return Observed(lost[0, 0], lost[..., 0], (lost[..., 0],), lost, lost, 9)
