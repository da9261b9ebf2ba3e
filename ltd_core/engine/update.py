"""One update of all rows of a pack: forward, backward, probes, clipping, optimizer, with no wait for the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltd_core.clipping.none import NoClipping
from ltd_core.engine.scheduled import Scheduled
from ltd_core.lazy import torch
from ltd_core.probes import Update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltd_core.clipping import Clipped, Clipping
    from ltd_core.engine.lane import Lane
    from ltd_core.engine.layout import Layout
    from ltd_core.engine.network import Network
    from ltd_core.engine.recorder import Recorder
    from ltd_core.mechanism import Mechanism
    from ltd_core.problems import Batch

Settings = dict[str, "torch.Tensor"]


class Updater:
    """Updates rows [K, P] of weights and memory in place; rows without a lane are dead, and stay as they are."""

    def __init__(
        self, layout: Layout, rows: torch.Tensor, memory: Settings, network: Network, recorder: Recorder
    ) -> None:
        self._layout, self._rows, self._memory = layout, rows, memory
        self._network, self._recorder = network, recorder
        self._gradient = torch.zeros_like(rows)
        self._alive = rows.new_zeros(len(rows), dtype=torch.bool)
        self._taken = rows.new_zeros(len(rows), dtype=torch.int64)
        self._places = rows.new_zeros(len(rows), dtype=torch.int64)
        self._optimizer: Settings = {}
        self._clipping: Settings = {}
        self._masks: dict[type[Clipping], torch.Tensor] = {}
        self._scheduled = Scheduled(rows)
        self._groups = tuple(places.to(rows.device) for places in layout.groups)
        self._steps = rows.new_zeros(len(rows), 1, dtype=torch.int64)
        self._periods = None if layout.periods is None else layout.periods.to(rows.device)

    def load(self, lanes: list[Lane]) -> bool:
        """Take the settings of lanes, which fill the first rows; return whether the same operations serve as before."""
        empty = len(self._rows) - len(lanes)
        self.lanes = lanes
        clippings: list[Clipping] = [lane.spec.clipping for lane in lanes] + [NoClipping()] * empty
        optimizers = [lane.spec.optimizer for lane in lanes] + [lanes[0].spec.optimizer] * empty
        self._step = type(lanes[0].spec.optimizer).step
        kinds = dict.fromkeys(type(clipping) for clipping in clippings)
        masks = {kind: self._tensor([type(c) is kind for c in clippings], torch.bool) for kind in kinds}
        same = [
            _refill(self._masks, masks),
            _refill(self._clipping, self._settings(clippings)),
            _refill(self._optimizer, self._settings(optimizers)),
            self._scheduled.load(lanes),
        ]
        self._alive.copy_(self._tensor([True] * len(lanes) + [False] * empty, torch.bool))
        return all(same)

    def kill(self) -> None:
        """Let every row stay as it is until lanes are loaded."""
        self._alive.zero_()

    def begin(self, updates: int) -> None:
        """Note where the lanes are, before so many updates."""
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
        reading = self._network.train(self._layout.effective(self._rows), self._gradient, batch)
        self._steps += 1
        omega_norm = self._regularize()
        if self._layout.constraint is not None:
            self._layout.constraint.pull_back(self._rows, self._gradient)
        due = self._due()
        norm = _norms(self._gradient)
        clipped = self._clip(norm)
        update = Update(
            loss=reading.loss,
            error_rate=reading.error_rate,
            gradient_norm=norm,
            clipped_norm=_norms(clipped.gradient),
            clipped_share=clipped.share,
            delta_norms=self._network.delta_norms,
            gradient=self._gradient,
            groups=self._groups,
            omega=self._network.omega.value,
            omega_gradient_norm=omega_norm,
        )
        self._recorder.record(self._places, update)
        self._places += 1
        self._taken += self._alive
        self._alive &= torch.isfinite(reading.loss) & torch.isfinite(norm)
        self._move(clipped.gradient, due)
        self._scheduled.advance()

    def _regularize(self) -> torch.Tensor:
        """Add the regularizer's gradient to that of W, which lies first; return its norm, weight included."""
        if "regularizer" not in self._scheduled.names:
            return torch.zeros_like(self._network.omega.value)
        weight = self._scheduled.now("regularizer").unsqueeze(-1)
        added = torch.where(weight > 0, weight * self._network.omega.gradient, 0.0)
        self._gradient[:, : added.shape[1]] += added
        return _norms(added)

    def _due(self) -> torch.Tensor | None:
        """Return which weights move at this update, [K, P], and forget the gradient of the others; None for all."""
        if self._periods is None:
            return None
        due = (self._periods > 0) & (self._steps % self._periods.clamp(min=1) == 0)
        self._gradient.masked_fill_(~due, 0.0)
        return due

    def _clip(self, norm: torch.Tensor) -> Clipped:
        """Apply every rule that a lane has, each to its own lanes."""
        (_, rule), *others = ((mask, kind) for kind, mask in self._masks.items())
        clipped = rule.clip(self._gradient, norm, self._clipping)
        for mine, other in others:
            more = other.clip(self._gradient, norm, self._clipping)
            clipped = clipped._replace(
                gradient=torch.where(mine.unsqueeze(-1), more.gradient, clipped.gradient),
                share=torch.where(mine, more.share, clipped.share),
            )
        return clipped

    def _move(self, gradient: torch.Tensor, due: torch.Tensor | None) -> None:
        """Step the weights that are due, in every lane that is still finite."""
        settings = self._optimizer
        if "lr" in self._scheduled.names:
            settings = settings | {"lr": self._scheduled.now("lr")}
        rows, memory = self._step(self._rows, gradient, self._memory, settings)
        alive = self._alive.unsqueeze(-1)
        if due is not None:
            alive = alive & due
        torch.where(alive, rows, self._rows, out=self._rows)
        for name, values in memory.items():
            torch.where(alive, values, self._memory[name], out=self._memory[name])

    def _settings(self, mechanisms: Sequence[Mechanism]) -> Settings:
        """Return each number that lanes may differ in, [K]; 1 for a lane whose mechanism has no such setting."""
        names = sorted(set().union(*(mechanism.lane_fields for mechanism in mechanisms)) - {"kind", "schedule"})
        return {name: self._tensor([getattr(m, name, 1.0) for m in mechanisms], self._rows.dtype) for name in names}

    def _tensor(self, values: list[float] | list[int] | list[bool], dtype: torch.dtype) -> torch.Tensor:
        return torch.tensor(values, dtype=dtype, device=self._rows.device)


def _norms(rows: torch.Tensor) -> torch.Tensor:
    """Return the Euclidean norm of each row; squares of single precision would leave its range from 2e19 on."""
    norms: torch.Tensor = torch.linalg.vector_norm(rows.double(), dim=1)
    return norms.to(rows.dtype)


def _refill(kept: dict[Any, torch.Tensor], wanted: dict[Any, torch.Tensor]) -> bool:
    """Write new values where the old ones are, if they have the same names; return whether they had."""
    if list(kept) != list(wanted):
        kept.clear()
        kept.update(wanted)
        return False
    for name, values in wanted.items():
        kept[name].copy_(values)
    return True
