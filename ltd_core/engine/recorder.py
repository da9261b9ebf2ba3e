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
        self._block = block
        self._scalars = torch.zeros(slots, block, len(_SCALARS), dtype=dtype, device=device)
        self._arrays = [torch.zeros(slots, block, *probe.size(spec), dtype=dtype, device=device) for probe in _ARRAYS]
        self._points = [buffer.flatten(0, 1) for buffer in (self._scalars, *self._arrays)]

    def places(self, lanes: list[Lane], slots: int) -> list[int]:
        """Return where the next points of so many slots go: lanes fill the first ones, the others hold nothing."""
        steps = [lane.step - lane.block_start for lane in lanes] + [0] * (slots - len(lanes))
        return [slot * self._block + step for slot, step in enumerate(steps)]

    def record(self, places: torch.Tensor, update: Update) -> None:
        """Measure an update of the first len(places) slots."""
        scalars = torch.stack([probe.measure(update) for probe in _SCALARS], dim=1)
        self._points[0].index_copy_(0, places, scalars)
        for probe, points in zip(_ARRAYS, self._points[1:], strict=True):
            points.index_copy_(0, places, probe.measure(update))

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
