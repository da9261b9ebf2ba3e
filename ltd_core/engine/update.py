"""One update of all rows of a pack: forward, backward, probes, clipping, optimizer, with no wait for the device."""

from __future__ import annotations

from typing import NamedTuple

from ltd_core.engine.clipper import Clipper
from ltd_core.engine.example_network import ExampleNetwork
from ltd_core.engine.lane import Lane
from ltd_core.engine.lane_settings import Settings, refill, settings_of
from ltd_core.engine.layout import Layout
from ltd_core.engine.moving_settings import Scheduled
from ltd_core.engine.network import Network
from ltd_core.engine.recorder import Recorder
from ltd_core.lazy import torch
from ltd_core.probes import Update
from ltd_core.problems import Batch
from ltd_core.scaling import norms


class Memories(NamedTuple):
    """What rules carry from update to update: optimizers [K, P] each, clipping [K, n]."""

    optimizer: Settings
    clipping: Settings


class Updater:
    """Updates rows [K, P] of weights and memory in place; rows without a lane are dead, and stay as they are."""

    def __init__(
        self, layout: Layout, rows: torch.Tensor, memories: Memories, network: Network, recorder: Recorder
    ) -> None:
        self._layout, self._rows, self._memory = layout, rows, memories.optimizer
        self._network, self._recorder = network, recorder
        self._gradient = torch.zeros_like(rows)
        self._alive = rows.new_zeros(len(rows), dtype=torch.bool)
        self._taken = rows.new_zeros(len(rows), dtype=torch.int64)
        self._places = rows.new_zeros(len(rows), dtype=torch.int64)
        self._optimizer: Settings = {}
        self._clipper = Clipper(layout, rows, memories.clipping)
        self._scheduled = Scheduled(rows)
        self._groups = tuple(places.to(rows.device) for places in layout.groups)
        self._steps = rows.new_zeros(len(rows), 1, dtype=torch.int64)
        self._nothing = rows.new_zeros(len(rows))
        self._periods = None if layout.periods is None else layout.periods.to(rows.device)

    def load(self, lanes: list[Lane]) -> bool:
        """Take the settings of lanes, which fill the first rows; return whether the same operations serve as before."""
        empty = len(self._rows) - len(lanes)
        self.lanes = lanes
        optimizers = [lane.spec.optimizer for lane in lanes] + [lanes[0].spec.optimizer] * empty
        self._step, self._watched = type(lanes[0].spec.optimizer).step, lanes[0].spec.optimizer.squares
        same = [
            self._clipper.load(lanes),
            refill(self._optimizer, settings_of(optimizers, self._rows)),
            self._scheduled.load(lanes),
        ]
        self._alive.copy_(self._tensor([True] * len(lanes) + [False] * empty, torch.bool))
        return all(same)

    def kill(self) -> None:
        """Let every row stay as it is until lanes are loaded."""
        self._alive.zero_()

    def begin(self, updates: int) -> None:
        """Copy the lanes' steps to the device, before a stretch of updates."""
        self._scheduled.begin(updates)
        self._steps[: len(self.lanes), 0] = self._tensor([lane.step for lane in self.lanes], torch.int64)
        self._places.copy_(self._tensor(self._recorder.places(self.lanes, len(self._rows)), torch.int64))
        self._taken.zero_()

    def end(self) -> frozenset[int]:
        """Count the updates that the lanes took, and return the slots that diverged; this waits for the device.

        Such a lane's step is that of its last, non-finite point.
        """
        taken, alive = self._taken.tolist(), self._alive.tolist()
        for lane, count in zip(self.lanes, taken, strict=False):
            lane.step += count
        return frozenset(slot for slot in range(len(self.lanes)) if not alive[slot])

    def measure_weights(self, ahead: int) -> None:
        """Take the measurements that are due `ahead` updates from where the lanes began, before the next update."""
        self._recorder.record_weights(self.lanes, ahead, self._rows, self._layout)

    def update(self, batch: Batch) -> None:
        """Make one update."""
        weights = self._layout.effective(self._rows)
        reading = self._network.train(weights, self._gradient, batch)
        self._steps += 1
        due = self._due()
        omega = self._regularize(due)
        if self._layout.constraint is not None:
            self._layout.constraint.pull_back(self._rows, self._gradient)
        examples = self._network.examples if isinstance(self._network, ExampleNetwork) else self._gradient.unsqueeze(1)
        if due is not None:
            self._gradient.masked_fill_(~due, 0.0)
            examples.masked_fill_(~due.unsqueeze(1), 0.0)
        norm = norms(self._gradient)
        clipped = self._clipper.clip(examples, norm, weights, self._steps, self._alive, due)
        clipped_norm = norms(clipped.gradient)
        settings = self._settings()
        update = Update(
            loss=reading.loss,
            error_rate=reading.error_rate,
            gradient_norm=norm,
            clipped_norm=clipped_norm,
            clipped_share=clipped.share,
            delta_logs=self._network.delta_logs,
            gradient=self._gradient,
            groups=self._groups,
            omega=omega[0],
            omega_gradient_norm=omega[1],
            clipped=clipped.gradient,
            lr=settings["lr"],
        )
        self._recorder.record(self._places, update)
        self._places += 1
        self._taken += self._alive
        self._move(clipped.gradient, due, settings, (reading.loss, clipped_norm))
        self._scheduled.advance()

    def _regularize(self, due: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the regularizer's gradient to that of W, which lies first; return value and norm, weight included.

        The norm is of what moves at this update.
        """
        if "regularizer" not in self._scheduled.names:
            return self._nothing, self._nothing
        omega, weight = self._network.omega, self._scheduled.now("regularizer").unsqueeze(-1)
        added = torch.where(weight > 0, weight * omega.gradient, 0.0)
        if due is not None:
            added = torch.where(due[:, : added.shape[1]], added, 0.0)
        self._gradient[:, : added.shape[1]] += added
        return omega.value, norms(added)

    def _due(self) -> torch.Tensor | None:
        """Return which weights move at this update, [K, P]; None for all."""
        if self._periods is None:
            return None
        return (self._periods > 0) & (self._steps % self._periods.clamp(min=1) == 0)

    def _settings(self) -> Settings:
        """Return the optimizer's settings at this update."""
        moving = {"lr": self._scheduled.now("lr")} if "lr" in self._scheduled.names else {}
        return self._optimizer | moving

    def _move(
        self,
        gradient: torch.Tensor,
        due: torch.Tensor | None,
        settings: Settings,
        measured: tuple[torch.Tensor, torch.Tensor],
    ) -> None:
        """Step the weights that are due, in every lane whose measures, new weights and memory are finite."""
        rows, memory = self._step(self._rows, gradient, self._memory, settings)
        sizes = [_largest(part) for part in (rows, *(memory[name] for name in self._watched))]
        self._alive &= torch.isfinite(torch.stack((*measured, *sizes))).all(0)
        alive = self._alive.unsqueeze(-1)
        if due is not None:
            alive = alive & due
        torch.where(alive, rows, self._rows, out=self._rows)
        for name, values in memory.items():
            torch.where(alive, values, self._memory[name], out=self._memory[name])

    def _tensor(self, values: list[float] | list[int] | list[bool], dtype: torch.dtype) -> torch.Tensor:
        return torch.tensor(values, dtype=dtype, device=self._rows.device)


def _largest(rows: torch.Tensor) -> torch.Tensor:
    """Return the largest size in each row: not finite if one number is not."""
    return rows.abs().amax(1)
