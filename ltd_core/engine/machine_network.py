"""A network as machine code of our own, on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltd_core.engine.network import Reading
from ltd_core.kernels.emitter import precision_of
from ltd_core.kernels.network import judge_kernel, train_kernel
from ltd_core.kernels.shape import Shape
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from ltd_core.experiments.training import Training
    from ltd_core.problems import Batch


class MachineNetwork:
    """Lanes take turns in one set of buffers: one lane's states and tape fit the cache where those of all would not."""

    def __init__(self, spec: Training, lanes: int) -> None:
        shape, steps = _shape(spec, spec.batch_size), spec.problem.longest
        step, b, h, o = shape.step, shape.batch_size, shape.size, shape.outputs
        dtype = _dtype(spec)
        self._kernel = train_kernel(shape)
        self._reading = Reading(torch.zeros(lanes, dtype=dtype), torch.zeros(lanes, dtype=dtype))
        self.delta_norms = torch.zeros(lanes, steps, dtype=dtype)
        states, carry = (len(step.states), steps + 1, b, h), (len(step.states), b, h)
        turned = (len(step.recurrent) * h, h), (o, h)
        shapes = (states, (steps, b, step.slots, h), carry, (b, o), (b, h), *turned)
        self._room = [torch.zeros(*sizes, dtype=dtype) for sizes in shapes]

    def train(self, rows: torch.Tensor, gradient: torch.Tensor, batch: Batch) -> Reading:
        """Return what was read, valid until the next call, and write the gradient of every weight; both are [K, P]."""
        data = (batch.starts.contiguous(), batch.inputs.contiguous(), batch.targets.contiguous())
        tensors = (*data, rows, gradient, *self._reading, self.delta_norms, *self._room)
        self._kernel(*(t.data_ptr() for t in tensors), *batch.inputs.shape[:2], rows.stride(0))
        return self._reading


def machine_judge(spec: Training, rows: torch.Tensor, batch: Batch) -> Reading:
    """Return what was read with weights [K, P]."""
    shape, (lanes, steps) = _shape(spec, batch.inputs.shape[2]), batch.inputs.shape[:2]
    reading = Reading(torch.zeros(lanes, dtype=rows.dtype), torch.zeros(lanes, dtype=rows.dtype))
    states = torch.empty(len(shape.step.states), 2, shape.batch_size, shape.size, dtype=rows.dtype)
    slopes = torch.empty(shape.batch_size, shape.outputs, dtype=rows.dtype)
    data = (batch.starts.contiguous(), batch.inputs.contiguous(), batch.targets.contiguous())
    tensors = (*data, rows, *reading, states, slopes)
    judge_kernel(shape)(*(t.data_ptr() for t in tensors), lanes, steps, rows.stride(0))
    return reading


def _shape(spec: Training, batch_size: int) -> Shape:
    problem, cell = spec.problem, spec.cell
    sizes = (batch_size, problem.input_size, cell.hidden_size, problem.output_size)
    return Shape(cell.step, *sizes, problem.right_within, precision_of(spec.dtype))


def _dtype(spec: Training) -> torch.dtype:
    return torch.float64 if spec.dtype == "float64" else torch.float32
