"""The buffers between two block boundaries: what probes measured, by lane and update, on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.lazy import torch
from ltd_core.probes import PROBES
from ltd_core.trace import TraceBlock

if TYPE_CHECKING:
    from ltd_core.engine.lane import Lane
    from ltd_core.experiments.training import Training
    from ltd_core.probes import Update

_SCALARS = [probe for probe in PROBES.values() if probe.every == 1 and len(probe.axes) == 1]
_ARRAYS = [probe for probe in PROBES.values() if probe.every == 1 and len(probe.axes) > 1]
_PERIODIC = [probe for probe in PROBES.values() if probe.every > 1]


class Recorder:
    """Keeps the measurements of every slot of a pack since the slot's last boundary."""

    def __init__(self, spec: Training, slots: int, block: int, dtype: torch.dtype, device: str) -> None:
        self._scalars = torch.zeros(slots, block, len(_SCALARS), dtype=dtype, device=device)
        self._arrays = [torch.zeros(slots, block, *probe.size(spec), dtype=dtype, device=device) for probe in _ARRAYS]

    def record(self, lanes: list[Lane], update: Update) -> None:
        """Measure one update of the first len(lanes) slots; the lanes' steps already count it."""
        count = len(lanes)
        slots = torch.arange(count, device=self._scalars.device)
        places = torch.tensor([lane.step - lane.block_start - 1 for lane in lanes], device=self._scalars.device)
        self._scalars[slots, places] = torch.stack([probe.measure(update) for probe in _SCALARS], dim=1)
        for probe, buffer in zip(_ARRAYS, self._arrays, strict=True):
            buffer[slots, places] = probe.measure(update)
        for probe in _PERIODIC:
            due = [slot for slot, lane in enumerate(lanes) if lane.step % probe.every == 0]
            if due:
                measured = probe.measure(update)
                for slot in due:
                    lanes[slot].periodic.append((probe.name, lanes[slot].step, measured[slot].clone()))

    def move(self, source: int, target: int) -> None:
        """Move what a slot holds."""
        for buffer in (self._scalars, *self._arrays):
            buffer[target] = buffer[source]

    def collect(self, slot: int, lane: Lane) -> list[TraceBlock]:
        """Return the slot's blocks since its last boundary, up to the lane's step."""
        count, first = lane.step - lane.block_start, lane.block_start + 1
        scalars = self._scalars[slot, :count].cpu().numpy()
        blocks = [TraceBlock(probe.name, first, 1, scalars[:, i].copy()) for i, probe in enumerate(_SCALARS)]
        for probe, buffer in zip(_ARRAYS, self._arrays, strict=True):
            blocks.append(TraceBlock(probe.name, first, 1, buffer[slot, :count].cpu().numpy().copy()))
        for probe in _PERIODIC:
            points = [(step, value) for name, step, value in lane.periodic if name == probe.name and step <= lane.step]
            if points:
                blocks.append(
                    TraceBlock(probe.name, points[0][0], probe.every, torch.stack([v for _, v in points]).cpu().numpy())
                )
        return blocks
