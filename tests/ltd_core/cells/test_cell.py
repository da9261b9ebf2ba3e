"""What holds for every cell: finite differences, the last state alone, causality, independent sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltd_core.cells import CELLS
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import LAST_STATES, PROGRAMS, STARTS, Case

if TYPE_CHECKING:
    from ltd_core.cells.machine import MachineProgram
    from ltd_core.cells.tensors import TensorProgram

pytestmark = pytest.mark.parametrize("kind", list(CELLS))


@pytest.mark.parametrize("program_of", PROGRAMS)
def test_gradients_are_finite_differences(kind: str, program_of: type[MachineProgram | TensorProgram]) -> None:
    case = Case(CELLS[kind](hidden_size=5), 3)
    _, gradient, _, program = case.run(program_of)

    def losses(rows: torch.Tensor) -> torch.Tensor:
        return (program.forward(case.views(rows), case.inputs, torch.tensor(STARTS)) * case.last).sum((1, 2))

    step = 1e-5
    for column in range(case.rows.shape[1]):
        move = torch.zeros_like(case.rows)
        move[:, column] = step
        slope = (losses(case.rows + move) - losses(case.rows - move)) / (2 * step)
        torch.testing.assert_close(gradient[:, column], slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("last_state", LAST_STATES)
def test_the_last_state_alone(kind: str, last_state: type) -> None:
    case = Case(CELLS[kind](hidden_size=19), 7)
    found = last_state(case.cell.step, case.views(case.rows), case.inputs, torch.tensor(STARTS))
    torch.testing.assert_close(found, case.run(PROGRAMS[0])[0], rtol=1e-12, atol=1e-13)


def test_the_past_before_a_lane_starts_and_other_sequences_do_not_matter(kind: str) -> None:
    case = Case(CELLS[kind](hidden_size=6), 4)
    last_state, starts, views = LAST_STATES[0], torch.tensor(STARTS), case.views(case.rows)
    before = last_state(case.cell.step, views, case.inputs, starts).clone()
    changed = case.inputs.clone()
    for lane, start in enumerate(STARTS):
        changed[lane, :start] = 7.0
    changed[:, :, 0] += 1.0
    after = last_state(case.cell.step, views, changed, starts)
    assert torch.equal(before[:, 1:], after[:, 1:])
    assert not torch.equal(before[:, 0], after[:, 0])


def test_shapes_and_initial_weights_agree(kind: str) -> None:
    case = Case(CELLS[kind](hidden_size=6), 4)
    assert case.views(case.rows).keys() == case.cell.shapes(3).keys()
    assert 0 <= case.cell.candidate < len(case.cell.step.recurrent)
