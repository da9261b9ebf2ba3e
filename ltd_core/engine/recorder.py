"""Buffers on the device for what probes measure between two block boundaries."""

from __future__ import annotations

from functools import partial

from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.probes import PROBES, Observed, StateProbe, Update, UpdateProbe, WeightProbe
from ltd_core.trace import TraceBlock


class Recorder:
    """Keeps the measurements of every slot of a pack since the slot's last boundary."""

    def __init__(self, spec: Training, slots: int, block: int, dtype: torch.dtype, device: str) -> None:
        self._block = block
        probes = [probe for probe in PROBES.values() if probe.applies(spec)]
        at_updates = [probe for probe in probes if issubclass(probe, UpdateProbe)]
        self._of_scalars = [probe for probe in at_updates if len(probe.axes) == 1]
        self._of_arrays = [probe for probe in at_updates if len(probe.axes) > 1]
        self._of_weights = [probe for probe in probes if issubclass(probe, WeightProbe)]
        self._of_states = [probe for probe in probes if issubclass(probe, StateProbe)]
        room = partial(torch.zeros, slots, block, dtype=dtype, device=device)
        self._scalars = room(len(self._of_scalars))
        self._arrays = [room(*probe.size(spec)) for probe in self._of_arrays]
        self._points = [buffer.flatten(0, 1) for buffer in (self._scalars, *self._arrays)]

    def places(self, lanes: list[Lane], slots: int) -> list[int]:
        """Return the next index of every slot in the flat buffers; slots without a lane are scratch."""
        steps = [lane.step - lane.block_start for lane in lanes] + [0] * (slots - len(lanes))
        return [slot * self._block + step for slot, step in enumerate(steps)]

    def record(self, places: torch.Tensor, update: Update) -> None:
        """Measure an update of the first len(places) slots."""
        scalars = torch.stack([probe.measure(update) for probe in self._of_scalars], dim=1)
        self._points[0].index_copy_(0, places, scalars)
        for probe, points in zip(self._of_arrays, self._points[1:], strict=True):
            points.index_copy_(0, places, probe.measure(update))

    def record_weights(self, lanes: list[Lane], ahead: int, rows: torch.Tensor, layout: Layout) -> None:
        """Measure the weights of lanes, which are `ahead` updates further than their steps say, where it is due."""
        for probe in self._of_weights:
            steps = {slot: lane.step + ahead + 1 for slot, lane in enumerate(lanes)}
            due = [slot for slot, step in steps.items() if step % probe.every == 0]
            if due:
                chosen = layout.effective(rows[due])
                measured = probe.measure(layout.views(chosen) | {"recurrent": layout.recurrent(chosen)})
                for slot, value in zip(due, measured.unbind(), strict=True):
                    lanes[slot].periodic.append((probe.name, steps[slot], value))

    def record_states(self, lane: Lane, observed: Observed) -> None:
        """Measure what fresh sequences showed after the lane's last update."""
        for probe in self._of_states:
            lane.periodic.append((probe.name, lane.step, told(probe.measure(observed), self._scalars.dtype)))

    def move(self, source: int, target: int) -> None:
        """Move what a slot holds."""
        for buffer in (self._scalars, *self._arrays):
            buffer[target] = buffer[source]

    def collect(self, slot: int, lane: Lane) -> list[TraceBlock]:
        """Return the slot's blocks since its last boundary, up to the lane's step."""
        count, first = lane.step - lane.block_start, lane.block_start + 1
        scalars = self._scalars[slot, :count].cpu().numpy()
        blocks = [TraceBlock(probe.name, first, 1, scalars[:, i].copy()) for i, probe in enumerate(self._of_scalars)]
        for probe, buffer in zip(self._of_arrays, self._arrays, strict=True):
            blocks.append(TraceBlock(probe.name, first, 1, buffer[slot, :count].cpu().numpy().copy()))
        for periodic in (*self._of_weights, *self._of_states):
            points = [(step, v) for name, step, v in lane.periodic if name == periodic.name and step <= lane.step]
            if points:
                values = torch.stack([value for _, value in points]).cpu().numpy()
                blocks.append(TraceBlock(periodic.name, points[0][0], periodic.info(lane.spec).every, values))
        return blocks


def told(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return values in the precision of a run; NaN for what would become zero or infinite there and is not."""
    found = values.to(dtype)
    lost = ((found == 0) & (values != 0)) | (found.isinf() & values.isfinite())
    return torch.where(lost, torch.nan, found)
