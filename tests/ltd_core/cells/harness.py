"""Lanes of different lengths for a cell, in float64, by machine code or tensor operations; and what torch.nn says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ltd_core.cells import Extent
from ltd_core.cells.machine import MachineProgram, machine_last_state
from ltd_core.cells.tensors import TensorProgram, tensor_last_state
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from ltd_core.cells import Cell

STARTS = [0, 3, 11, 6]
STEPS, INPUTS = 12, 3
SIZES = [(1, 1), (7, 5), (16, 20), (33, 2)]
PROGRAMS = [MachineProgram, TensorProgram]
LAST_STATES = [machine_last_state, tensor_last_state]
Weights = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Case:
    """Random weights, inputs [K, T, B, I] and gradients with respect to the last state."""

    cell: Cell
    batch_size: int

    @cached_property
    def _drawn(self) -> list[torch.Tensor]:
        size, lanes = self.cell.hidden_size, len(STARTS)
        generator = torch.Generator().manual_seed(size * 100 + self.batch_size)
        numbers = sum(torch.Size(shape).numel() for shape in self.cell.shapes(INPUTS).values())
        shapes = (lanes, numbers), (lanes, STEPS, self.batch_size, INPUTS), (lanes, self.batch_size, size)
        return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]

    @cached_property
    def rows(self) -> torch.Tensor:
        return self._drawn[0] * 0.9 / self.cell.hidden_size**0.5

    @property
    def inputs(self) -> torch.Tensor:
        return self._drawn[1]

    @property
    def last(self) -> torch.Tensor:
        return self._drawn[2]

    def views(self, rows: torch.Tensor) -> Weights:
        shapes = self.cell.shapes(INPUTS)
        parts = torch.split(rows, [torch.Size(s).numel() for s in shapes.values()], 1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    def run(
        self, program_of: type[MachineProgram | TensorProgram]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, MachineProgram | TensorProgram]:
        """Return the last states, the gradient of the rows, the norms of the deltas, and the program."""
        extent = Extent(len(STARTS), STEPS, self.batch_size, INPUTS, torch.float64, "cpu")
        program = program_of(self.cell.step, self.cell.hidden_size, extent)
        gradient = torch.full_like(self.rows, 9.0)
        for _ in range(2):  # nothing of one update reaches the next
            state = program.forward(self.views(self.rows), self.inputs, torch.tensor(STARTS)).clone()
            program.backward(self.views(self.rows), self.last, self.views(gradient))
        return state, gradient, program.delta_norms, program

    def with_cell(self, cell: Cell) -> Case:
        return replace(self, cell=cell)


def check_against_torch(
    case: Case,
    program_of: type[MachineProgram | TensorProgram],
    step: Callable[[Weights, torch.Tensor, tuple[torch.Tensor, ...]], tuple[torch.Tensor, ...]],
) -> None:
    """Compare with torch's own cell: `step(weights of a lane, x, states)` returns the states after, h first."""
    state, gradient, norms, _ = case.run(program_of)
    for lane, start in enumerate(STARTS):
        weights = {name: view[lane].clone().requires_grad_() for name, view in case.views(case.rows).items()}
        states = tuple(torch.zeros(case.batch_size, case.cell.hidden_size).double() for _ in case.cell.step.states)
        seen = []
        for t in range(start, STEPS):
            states = step(weights, case.inputs[lane, t], states)
            states[0].retain_grad()
            seen.append(states[0])
        (states[0] * case.last[lane]).sum().backward()
        torch.testing.assert_close(state[lane], states[0].detach(), rtol=1e-10, atol=1e-12)
        expected = torch.stack([h.grad.norm() for h in seen if h.grad is not None])
        torch.testing.assert_close(norms[lane, start:], expected, rtol=1e-10, atol=1e-13)
        for name, value in weights.items():
            mine = case.views(gradient)[name][lane]
            torch.testing.assert_close(mine, value.grad, rtol=1e-10, atol=1e-11, msg=lambda m, n=name: f"{n}: {m}")


def functional(cell: torch.nn.Module, parameters: Weights, *arguments: object) -> torch.Tensor:
    """Call one of torch's cells with other weights."""
    result: torch.Tensor = torch.func.functional_call(cell, parameters, arguments)
    return result
