"""The buffers between two block boundaries: what probes measured, by lane and update, on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.lazy import torch
from ltd_core.probes import PROBES, UpdateProbe, WeightProbe
from ltd_core.trace import TraceBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltd_core.engine.lane import Lane
    from ltd_core.experiments.training import Training
    from ltd_core.probes import Update

_AT_UPDATES = [probe for probe in PROBES.values() if issubclass(probe, UpdateProbe)]
_SCALARS = [probe for probe in _AT_UPDATES if len(probe.axes) == 1]
_ARRAYS = [probe for probe in _AT_UPDATES if len(probe.axes) > 1]
_OF_WEIGHTS = [probe for probe in PROBES.values() if issubclass(probe, WeightProbe)]


class Recorder:
    """Keeps the measurements of every slot of a pack since the slot's last boundary."""

    def __init__(self, spec: Training, slots: int, block: int, dtype: torch.dtype, device: str) -> None:
        self._slots = torch.arange(slots, device=device)
        self._scalars = torch.zeros(slots, block, len(_SCALARS), dtype=dtype, device=device)
        self._arrays = [torch.zeros(slots, block, *probe.size(spec), dtype=dtype, device=device) for probe in _ARRAYS]

    def record(self, places: torch.Tensor, update: Update) -> None:
        """Measure an update of the first len(places) slots; places [K] are counted from each slot's block."""
        slots = self._slots[: len(places)]
        self._scalars[slots, places] = torch.stack([probe.measure(update) for probe in _SCALARS], dim=1)
        for probe, buffer in zip(_ARRAYS, self._arrays, strict=True):
            buffer[slots, places] = probe.measure(update)

    def record_weights(self, lanes: list[Lane], ahead: int, recurrent: Callable[[], torch.Tensor]) -> None:
        """Measure the weights of lanes, which are `ahead` updates further than their steps say, where it is due."""
        for probe in _OF_WEIGHTS:
            steps = {slot: lane.step + ahead + 1 for slot, lane in enumerate(lanes)}
            due = [slot for slot, step in steps.items() if step % probe.every == 0]
            if due:
                measured = probe.measure(recurrent()[due])
                for slot, value in zip(due, measured.unbind(), strict=True):
                    lanes[slot].periodic.append((probe.name, steps[slot], value))

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
        for dear in _OF_WEIGHTS:
            points = [(step, value) for name, step, value in lane.periodic if name == dear.name and step <= lane.step]
            if points:
                blocks.append(
                    TraceBlock(dear.name, points[0][0], dear.every, torch.stack([v for _, v in points]).cpu().numpy())
                )
        return blocks
