"""Networks of one cell on lanes of different lengths, in float64: by machine code, by tensor operations, by torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ltd_core.cells import CELLS
from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork, machine_judge
from ltd_core.engine.tensor_network import TensorNetwork, tensor_judge
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.randomness import one_hot
from tests.ltd_core.problems.harness import small_problem
from tests.ltd_core.training import small

STARTS = [0, 3, 11, 6]
STEPS = 12
SIZES = [(1, 1), (7, 5), (16, 20), (33, 2)]
VARIANTS: dict[str, dict[str, Any]] = {
    **{kind: {"kind": kind} for kind in CELLS},
    "relu": {"kind": "rnn", "nonlinearity": "relu"},
    "identity": {"kind": "rnn", "nonlinearity": "identity"},
    "skip": {"kind": "rnn", "delays": [1, 3]},
    "removed": {"kind": "rnn", "delays": [2]},
    "many delays": {"kind": "rnn", "delays": [2, 3, 7]},
    "leaky": {"kind": "rnn", "time_scale": {"kind": "constant", "alpha": [0.2, 0.9]}},
    "leaky drawn": {"kind": "rnn", "time_scale": {"kind": "uniform"}},
    "leaky drawn by time": {"kind": "rnn", "time_scale": {"kind": "log_uniform"}},
    "leaky learned": {"kind": "rnn", "time_scale": {"kind": "learned"}},
    "clockwork": {"kind": "rnn", "state_periods": [1, 2, 4]},
    "leaky clockwork with skips": {
        "kind": "rnn",
        "state_periods": [1, 3],
        "time_scale": {"kind": "learned"},
        "delays": [1, 2],
    },
    "groups": {"kind": "rnn", "update_periods": [1, 4]},
    "layers": {"kind": "rnn", "layers": 3},
    "layers with skips": {"kind": "rnn", "layers": 2, "delays": [1, 4], "time_scale": {"kind": "learned"}},
    "peephole": {"kind": "lstm", "peephole": True},
    "coupled": {"kind": "lstm", "coupled": True},
    "coupled peephole": {"kind": "lstm", "coupled": True, "peephole": True, "chrono": 20},
    "lstm layers with skips": {"kind": "lstm", "layers": 2, "delays": [1, 5]},
    "gru layers": {"kind": "gru", "layers": 2, "chrono": 9},
    "mgu with skips": {"kind": "mgu", "delays": [1, 2]},
}
"""Every cell, with each of its options."""
NETWORKS = {
    "machine": lambda spec, rows: MachineNetwork(spec, len(rows)),
    "tensor": lambda spec, rows: TensorNetwork(spec, len(rows), rows),
}
JUDGES = {"machine": machine_judge, "tensor": tensor_judge}
Weights = dict[str, "torch.Tensor"]
States = tuple["torch.Tensor", ...]


@dataclass(frozen=True)
class Case:
    """Random weights and minibatches for a cell."""

    cell: dict[str, Any]
    batch_size: int
    problem: str = "temporal_order"
    regularizer: str = "none"

    @cached_property
    def spec(self) -> Training:
        return small(
            cell=self.cell,
            batch_size=self.batch_size,
            problem=small_problem(self.problem),
            dtype="float64",
            regularizer=self._regularizer,
        )

    @property
    def steps(self) -> int:
        return self.spec.problem.longest

    @property
    def starts(self) -> list[int]:
        """Where each lane starts, its answers ahead of it."""
        return [min(start, self.steps - self.spec.problem.answers) for start in STARTS]

    @property
    def _regularizer(self) -> dict[str, Any]:
        return {"kind": "omega", "ratio": self.regularizer} if self.regularizer != "none" else {"kind": "none"}

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.spec)

    @cached_property
    def rows(self) -> torch.Tensor:
        drawn = torch.randn(len(STARTS), self.layout.size, generator=self._generator(1), dtype=torch.float64)
        return torch.where(self.trained, drawn * 0.9 / self.cell["hidden_size"] ** 0.5, self.layout.initial(self.spec))

    @cached_property
    def trained(self) -> torch.Tensor:
        """Which weights move at all, [P]."""
        periods = self.layout.periods
        return torch.ones(self.layout.size, dtype=torch.bool) if periods is None else periods > 0

    @cached_property
    def batch(self) -> Batch:
        problem, generator, starts = self.spec.problem, self._generator(2), torch.tensor(self.starts)
        sizes = len(STARTS), self.steps, self.batch_size
        asked = (len(STARTS), *([problem.answers] if problem.answers > 1 else []), self.batch_size)
        if problem.right_within is None:
            symbols = torch.randint(max(problem.input_size, 2), sizes, generator=generator)
            inputs = one_hot(symbols, max(problem.input_size, 2), torch.float64)[..., : problem.input_size]
            return Batch(inputs, torch.randint(problem.output_size, asked, generator=generator), starts)
        inputs = torch.randn(*sizes, problem.input_size, generator=generator, dtype=torch.float64)
        targets = torch.randn(*asked, problem.output_size, generator=generator, dtype=torch.float64)
        return Batch(inputs, targets, starts)

    def _generator(self, seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed + 10 * self.batch_size + 1000 * self.cell["hidden_size"])

    def train(self, kind: str, batch: Batch | None = None) -> tuple[torch.Tensor, ...]:
        """Return loss, error rate, gradient [K, P] and norms of the deltas [K, T]."""
        network = NETWORKS[kind](self.spec, self.rows)
        gradient = torch.full_like(self.rows, 9.0)
        for _ in range(2):  # nothing of one minibatch reaches the next
            reading = network.train(self.rows, gradient, batch or self.batch)
        return (*reading, gradient, network.delta_logs.exp())

    def slopes(self, kind: str, columns: torch.Tensor) -> torch.Tensor:
        """Return the loss's central differences [K, n] by some weights, each moved up and down in lanes of its own."""
        step, (lanes, size), count = 1e-5, self.rows.shape, len(columns)
        moves = step * torch.nn.functional.one_hot(columns, size)  # [n, P]
        moved = torch.stack([self.rows + moves[:, None], self.rows - moves[:, None]]).reshape(-1, size)
        given = (self.batch.inputs, self.batch.targets, self.batch.starts)
        batch = Batch(*(part.repeat(2 * count, *[1] * (part.dim() - 1)) for part in given))
        up, down = JUDGES[kind](self.spec, moved, batch).loss.reshape(2, count, lanes)
        return ((up - down) / (2 * step)).T


def by_torch(case: Case, lane: int, step: Callable[[Weights, torch.Tensor, States], States]) -> list[torch.Tensor]:
    """Return one lane's loss, error rate, gradient and norms of deltas; `step` is torch's cell, h first."""
    row = case.rows[lane : lane + 1].clone().requires_grad_()
    weights = {name: view[0] for name, view in case.layout.views(row).items()}
    batch, seen = case.batch, []
    states = tuple(row.new_zeros(case.batch_size, case.cell["hidden_size"]) for _ in case.spec.cell.step.states)
    for t in range(case.starts[lane], case.steps):
        states = step(weights, batch.inputs[lane, t], states)
        states[0].retain_grad()
        seen.append(states[0])
    problem = case.spec.problem
    outputs = torch.stack(seen[-problem.answers :]) @ weights["V"] + weights["c"]  # [R, B, O]
    if problem.right_within is None:
        targets = batch.targets[lane].view(problem.answers, -1)
        loss = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())
        wrong = outputs.argmax(-1) != targets
    else:
        misses = outputs - batch.targets[lane].view_as(outputs)
        loss, wrong = (misses**2).sum(-1).mean(), (misses.abs() >= problem.right_within).any(-1)
    loss.backward()
    assert row.grad is not None
    norms = torch.stack([h.grad.norm() for h in reversed(seen) if h.grad is not None])
    return [loss.detach(), wrong[-problem.scored :].double().mean(), row.grad[0], norms]


def check_against_torch(case: Case, kind: str, step: Callable[[Weights, torch.Tensor, States], States]) -> None:
    """Compare loss, error rate, every gradient and every delta with torch's own cell."""
    loss, error_rate, gradient, norms = case.train(kind)
    for lane, start in enumerate(case.starts):
        found = loss[lane], error_rate[lane], gradient[lane], norms[lane, : case.steps - start]
        assert torch.isnan(norms[lane, case.steps - start :]).all()
        for mine, theirs in zip(found, by_torch(case, lane, step), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-13)


def functional(cell: torch.nn.Module, parameters: Weights, *arguments: object) -> Any:
    """Call one of torch's cells with other weights."""
    return torch.func.functional_call(cell, parameters, arguments)
