"""The only training loop: data, forward, backward, clipping, optimizer, probes, for all lanes of a pack at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.engine.tensor_network import TensorNetwork
from ltd_core.lazy import torch
from ltd_core.probes import Update
from ltd_core.problems import Batch
from ltd_core.randomness import Draws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ltd_core.clipping import Clipped, Clipping
    from ltd_core.engine.lane import Lane
    from ltd_core.engine.layout import Layout
    from ltd_core.engine.recorder import Recorder
    from ltd_core.mechanism import Mechanism


_MOST_AHEAD = 16
_NUMBERS_AHEAD = 2**20
"""Inputs drawn at once: at most this many updates, and about this many numbers."""


class Stepper:
    """Trains a fixed set of lanes; weights and memory are rows [K, P] that it updates in place."""

    def __init__(
        self, lanes: list[Lane], layout: Layout, weights: torch.Tensor, memory: dict[str, torch.Tensor]
    ) -> None:
        spec = lanes[0].spec
        self.lanes, self.spec = lanes, spec
        self._rows, self._memory = weights, memory
        size, first = spec.cell.hidden_size, spec.cell.candidate * spec.cell.hidden_size
        self._recurrent = layout.views(weights)["W"][:, :, first : first + size]
        self._gradient = torch.zeros_like(weights)
        on_cpu, count = weights.device.type == "cpu", len(lanes)
        self._network = MachineNetwork(spec, count) if on_cpu else TensorNetwork(spec, count, weights)
        numbers = count * spec.problem.longest * spec.batch_size * spec.problem.input_size
        self._ahead = max(1, min(_MOST_AHEAD, _NUMBERS_AHEAD // numbers))
        self._optimizer = _settings([lane.spec.optimizer for lane in lanes], weights)
        self._rules = _rules([lane.spec.clipping for lane in lanes], weights)
        self._alive = torch.ones(len(lanes), dtype=torch.bool, device=weights.device)
        self._taken = torch.zeros(len(lanes), dtype=torch.int64, device=weights.device)

    def run(self, updates: int, recorder: Recorder) -> frozenset[int]:
        """Make updates; return the slots that diverged. Such a lane's step is that of its last, non-finite point."""
        before = [lane.step for lane in self.lanes]
        self._taken.zero_()
        for first in range(0, updates, self._ahead):
            for batch in self._draw(min(self._ahead, updates - first)):
                self._update(batch, recorder)
        taken, alive = self._taken.tolist(), self._alive.tolist()
        for lane, start, count in zip(self.lanes, before, taken, strict=True):
            lane.step = start + count
        return frozenset(slot for slot, living in enumerate(alive) if not living)

    def _draw(self, updates: int) -> Iterator[Batch]:
        """Yield the minibatches of the next updates, drawn together: many small operations cost as much as few."""
        count = len(self.lanes)
        steps = [lane.step + 1 + ahead for ahead in range(updates) for lane in self.lanes]
        draws = Draws([lane.key for lane in self.lanes] * updates, steps, str(self._rows.device))
        drawn = self.spec.problem.draw(draws, self.spec.batch_size, self._rows.dtype)
        for first in range(0, updates * count, count):
            rows = slice(first, first + count)
            yield Batch(drawn.inputs[rows], drawn.targets[rows], drawn.starts[rows])

    def _update(self, batch: Batch, recorder: Recorder) -> None:
        for lane in self.lanes:
            lane.step += 1
        reading = self._network.train(self._rows, self._gradient, batch)
        norm = torch.linalg.vector_norm(self._gradient, dim=1)
        clipped = self._clip(norm)
        update = Update(
            recurrent=self._recurrent,
            starts=batch.starts,
            loss=reading.loss,
            error_rate=reading.error_rate,
            gradient_norm=norm,
            clipped_norm=torch.linalg.vector_norm(clipped.gradient, dim=1),
            clipped_share=clipped.share,
            delta_norms=self._network.delta_norms,
        )
        recorder.record(self.lanes, update)
        self._taken += self._alive
        self._alive &= torch.isfinite(reading.loss) & torch.isfinite(norm)
        self._move(clipped.gradient)

    def _clip(self, norm: torch.Tensor) -> Clipped:
        """Apply every rule that a lane has, each to its own lanes."""
        (_, rule, settings), *others = self._rules
        clipped = rule.clip(self._gradient, norm, settings)
        for mine, other, its_settings in others:
            more = other.clip(self._gradient, norm, its_settings)
            clipped = clipped._replace(
                gradient=torch.where(mine.unsqueeze(-1), more.gradient, clipped.gradient),
                share=torch.where(mine, more.share, clipped.share),
            )
        return clipped

    def _move(self, gradient: torch.Tensor) -> None:
        """Step every lane that is still finite."""
        rows, memory = type(self.spec.optimizer).step(self._rows, gradient, self._memory, self._optimizer)
        alive = self._alive.unsqueeze(-1)
        torch.where(alive, rows, self._rows, out=self._rows)
        for name, values in memory.items():
            torch.where(alive, values, self._memory[name], out=self._memory[name])


def _settings(mechanisms: list[Mechanism], like: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return each numeric setting that lanes may differ in, [K]; 1 for a lane whose mechanism has no such setting."""
    names = sorted(set().union(*(mechanism.lane_fields for mechanism in mechanisms)) - {"kind"})
    return {
        name: torch.tensor(
            [getattr(mechanism, name, 1.0) for mechanism in mechanisms], dtype=like.dtype, device=like.device
        )
        for name in names
    }


def _rules(
    clippings: list[Clipping], like: torch.Tensor
) -> list[tuple[torch.Tensor, type[Clipping], dict[str, torch.Tensor]]]:
    """Return, for every rule in use: which lanes have it, the rule, its settings by lane."""
    kinds = list(dict.fromkeys(type(clipping) for clipping in clippings))
    settings = _settings(list(clippings), like)
    return [
        (torch.tensor([type(clipping) is kind for clipping in clippings], device=like.device), kind, settings)
        for kind in kinds
    ]
