"""Whole runs by the slow loop, autograd and torch.optim, of any cell, with groups that move at their own period."""

from __future__ import annotations

from functools import cache
from typing import Any

from ltd_core.engine.layout import Layout
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.oracle import Traces, clip_of, loss_of, optimizer_of
from tests.ltd_core.plain import Weights, delta_norms, of_group, path

CONSTANTS = {"alpha", "period"}


class Trainer:
    """Weights as parts that move together: of a layer the columns of each group, of the readout all."""

    def __init__(self, spec: Training) -> None:
        self.spec, self.cell, self.traces = spec, spec.full()["cell"], Traces()
        layout = Layout(spec)
        views = layout.views(layout.initial(spec).unsqueeze(0))
        self.first = {name: view[0].clone() for name, view in views.items()}
        self.periods: list[int] = [1, *(self.cell["update_periods"] or [1])]  # of the readout, then of the groups
        trained = [name for name in self.first if name.rstrip("23456789") not in CONSTANTS]
        self.columns = {name: self._columns(name) for name in trained}
        self.parts = {
            name: {g: self.first[name][..., own].clone().requires_grad_() for g, own in columns.items()}
            for name, columns in self.columns.items()
        }
        of_periods = [[parts[g] for parts in self.parts.values() if g in parts] for g in range(len(self.periods))]
        self.optimizers = [optimizer_of(spec, parts) for parts in of_periods]

    def _columns(self, name: str) -> dict[int, torch.Tensor]:
        """Return which columns of a weight belong to which part."""
        count, size = self.first[name].shape[-1], self.cell["hidden_size"]
        if name in {"V", "c"}:
            return {0: torch.arange(count)}
        units = of_group(range(1, len(self.periods)), size)
        own = torch.tensor([units[column % size] for column in range(count)])
        return {g: (own == g).nonzero()[:, 0] for g in range(1, len(self.periods))}

    def weights(self) -> Weights:
        """Return the weights by name, put together."""
        found = dict(self.first)
        for name, parts in self.parts.items():
            order = torch.cat(list(self.columns[name].values())).argsort()
            found[name] = torch.cat(list(parts.values()), -1)[..., order]
        return found

    def update(self, step: int) -> None:
        """Make one update, counted from 1."""
        draws = Draws.of([stream_key(self.spec.seed, "data")], [step])
        batch = self.spec.problem.draw(draws, self.spec.batch_size, torch.float64)
        weights, start = self.weights(), int(batch.starts[0])
        weights["W"].retain_grad()
        found = path(self.cell, weights, batch.inputs[0, start:])
        loss, wrong = loss_of(self.spec, found[-1][-1][0] @ weights["V"] + weights["c"], batch.targets[0])
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        self.traces.add(loss=loss.item(), error_rate=float(wrong))
        logs = delta_norms(found).log().tolist()
        self.traces.add(delta_log_norm=logs + [float("nan")] * (self.spec.problem.longest - len(logs)))
        due = [step % period == 0 for period in self.periods]
        self.traces.add(group_gradient_share=self._shares(weights["W"].grad, due))
        self._move(due)

    def _shares(self, gradient: torch.Tensor | None, due: list[bool]) -> list[float]:
        """Return the share of W's squared gradient, of the units that are due, that each group's columns have."""
        assert gradient is not None
        size = self.cell["hidden_size"]
        alphas = self.cell.get("time_scale", {}).get("alpha")
        groups = self.cell["update_periods"] or self.cell.get("state_periods") or alphas
        count = len(groups) if isinstance(groups, list | tuple) else 1
        group, part, squares = of_group(range(count), size), of_group(range(1, len(due)), size), [0.0] * count
        for column in range(gradient.shape[1]):
            unit = column % size
            squares[int(group[unit])] += float((gradient[:, column] ** 2).sum()) if due[int(part[unit])] else 0.0
        total = sum(squares)
        return [square / total if total else float("nan") for square in squares]

    def _move(self, due: list[bool]) -> None:
        """Clip what is due, and step the optimizers that are."""
        moving: list[Any] = [part for parts in self.parts.values() for g, part in parts.items() if due[g]]
        flat = torch.cat([part.grad.flatten() for part in moving])
        clipped, share = clip_of(self.spec)(flat)
        if self.spec.clipping.kind == "value":  # of all numbers that a run stores, also those that rest
            share *= len(flat) / sum(value.numel() for value in self.first.values())
        self.traces.add(gradient_norm=float(flat.norm()), clipped_share=share)
        for part, values in zip(moving, clipped.split([part.numel() for part in moving]), strict=True):
            part.grad = values.view_as(part)
        for optimizer, now in zip(self.optimizers, due, strict=True):
            if now:
                optimizer.step()


@cache
def by_plain(spec: Training) -> Traces:
    """Train by the loop, in one thread as the engine does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainer = Trainer(spec)
        for step in range(1, spec.steps + 1):
            trainer.update(step)
    finally:
        torch.set_num_threads(threads)
    trainer.traces.weights = {name: value.detach().numpy() for name, value in trainer.weights().items()}
    return trainer.traces
