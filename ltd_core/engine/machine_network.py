"""A network in machine code, on the CPU."""

from __future__ import annotations

from functools import partial

from ltd_core.engine.logarithms import together
from ltd_core.engine.network import Omega, Reading
from ltd_core.experiments.training import Training
from ltd_core.kernels.emitter import precision_of
from ltd_core.kernels.network import judge_kernel, keeps, train_kernel
from ltd_core.kernels.shape import Shape
from ltd_core.lazy import torch
from ltd_core.problems import Batch


class MachineNetwork:
    """Lanes take turns in one set of buffers: one lane's states and tape fit the cache where those of all would not."""

    def __init__(self, spec: Training, lanes: int) -> None:
        shape, steps = _shape(spec, spec.batch_size), spec.problem.longest
        room = partial(torch.zeros, dtype=getattr(torch, spec.dtype))
        self._kernel = train_kernel(shape)
        self._reading = Reading(room(lanes), room(lanes))
        self._norms = room(lanes, shape.layers, steps)
        self._omegas, self._pushes = room(lanes), room(lanes, shape.size, shape.recurrent if shape.ratio else 0)
        self._room = [room(*sizes) for sizes in _sizes(shape, steps)]
        self._room.append(torch.zeros(shape.layers + 1, steps, dtype=torch.int64))

    @property
    def delta_logs(self) -> torch.Tensor:
        """Return ln |d loss / d h| at the last minibatch, h being the states of all layers, [K, T]."""
        first, *others = self._norms.unbind(1)
        return together(first, others) if others else first

    @property
    def omega(self) -> Omega:
        """Return what a regularizer measured at the last minibatch."""
        return Omega(self._omegas, self._pushes.flatten(1))

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, valid until the next call, and write the gradient of every weight; both are [K, P]."""
        data = (batch.starts.contiguous(), batch.inputs.contiguous(), batch.targets.contiguous())
        tensors = (*data, rows, gradient, *self._reading, self._norms, self._omegas, self._pushes, *self._room)
        self._kernel(*(t.data_ptr() for t in tensors), *batch.inputs.shape[:2], rows.stride(0))
        return self._reading


def _sizes(s: Shape, steps: int) -> tuple[tuple[int, ...], ...]:
    """Return the sizes of the room that a lane needs, in the order of the kernel's pointers."""
    b, h, o, states = s.batch_size, s.size, s.outputs, len(s.step.states)
    above, kept = (steps if s.layers > 1 else 0), (steps if s.ratio else 0)
    return (
        (s.layers, states, steps + 1, b, h),
        (s.layers, steps, b, s.step.slots, h),
        (states, b, h),
        (s.answers, b, o),
        (s.answers, b, h),
        (s.recurrent, len(s.delays) * h),
        (s.entering, h),
        (o, h),
        (above, b, h),
        (kept, b, h),
        (kept, b, h),
    )


def machine_judge(spec: Training, rows: torch.Tensor, batch: Batch) -> Reading:
    """Return what was read with weights [K, P]."""
    shape, (lanes, steps) = _shape(spec, batch.inputs.shape[2]), batch.inputs.shape[:2]
    reading = Reading(torch.zeros(lanes, dtype=rows.dtype), torch.zeros(lanes, dtype=rows.dtype))
    states, tape, _, slopes, *_ = _sizes(shape, steps)
    if not keeps(shape):
        states, tape = (1, len(shape.step.states), shape.ring, shape.batch_size, shape.size), (0,)
    room = [torch.empty(sizes, dtype=rows.dtype) for sizes in (states, tape, slopes)]
    data = (batch.starts.contiguous(), batch.inputs.contiguous(), batch.targets.contiguous())
    tensors = (*data, rows, *reading, *room)
    judge_kernel(shape)(*(t.data_ptr() for t in tensors), lanes, steps, rows.stride(0))
    return reading


def _shape(spec: Training, batch_size: int) -> Shape:
    problem, cell = spec.problem, spec.cell
    return Shape(
        cell.step,
        batch_size,
        problem.input_size,
        cell.hidden_size,
        problem.output_size,
        problem.right_within,
        precision_of(spec.dtype),
        cell.delays,
        cell.layers,
        problem.answers,
        problem.scored,
        spec.regularizer.ratio_of,
    )
