"""The plain recurrence, by machine code and by tensor operations, against torch.nn.RNN and finite differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from ltd_core.cells import Extent
from ltd_core.cells.rnn import Rnn
from ltd_core.cells.rnn_machine import RnnMachineProgram, machine_last_state
from ltd_core.cells.rnn_tensors import RnnTensorProgram, tensor_last_state
from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = [RnnMachineProgram, RnnTensorProgram]
STARTS = [0, 3, 11, 6]
STEPS, INPUTS = 12, 3


class Case(NamedTuple):
    """Four lanes of different lengths, in float64."""

    cell: Rnn
    rows: torch.Tensor
    inputs: torch.Tensor
    last: torch.Tensor

    def views(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        shapes = self.cell.shapes(INPUTS)
        parts = torch.split(rows, [torch.Size(s).numel() for s in shapes.values()], 1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    @property
    def extent(self) -> Extent:
        return Extent(len(STARTS), STEPS, self.inputs.shape[2], INPUTS, torch.float64, "cpu")


def make(hidden_size: int, batch_size: int, nonlinearity: str) -> Case:
    generator = torch.Generator().manual_seed(hidden_size * 100 + batch_size)
    cell = Rnn(hidden_size=hidden_size, nonlinearity=nonlinearity)
    size = sum(torch.Size(shape).numel() for shape in cell.shapes(INPUTS).values())

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    lanes = len(STARTS)
    rows = draw(lanes, size) * 0.9 / hidden_size**0.5
    return Case(cell, rows, draw(lanes, STEPS, batch_size, INPUTS), draw(lanes, batch_size, hidden_size))


@pytest.fixture(params=[(1, 1), (7, 5), (16, 20), (33, 2)], ids=str)
def sizes(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    return request.param


def by_torch(case: Case, lane: int) -> tuple[torch.Tensor, dict[str, torch.Tensor], torch.Tensor]:
    """Return one lane's last state, gradients of its weights, and the norms of its deltas, by torch.nn.RNN."""
    weights = {name: view[lane].clone().requires_grad_() for name, view in case.views(case.rows).items()}
    network = torch.nn.RNNCell(INPUTS, case.cell.hidden_size, nonlinearity=case.cell.nonlinearity, dtype=torch.float64)
    network.bias_hh = None  # type: ignore[assignment]
    network.bias = True
    state = torch.zeros(case.inputs.shape[2], case.cell.hidden_size, dtype=torch.float64)
    states = []
    parameters = {
        "weight_hh": weights["W"].t(),
        "weight_ih": weights["U"].t(),
        "bias_ih": weights["b"],
        "bias_hh": torch.zeros_like(weights["b"]),
    }
    for t in range(STARTS[lane], STEPS):
        state = torch.func.functional_call(network, parameters, (case.inputs[lane, t], state))
        state.retain_grad()
        states.append(state)
    (state * case.last[lane]).sum().backward()
    norms = torch.stack([s.grad.norm() for s in states if s.grad is not None])
    return state.detach(), {name: w.grad for name, w in weights.items() if w.grad is not None}, norms


@pytest.mark.parametrize("program_of", PROGRAMS)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_states_gradients_and_deltas_are_torchs(
    program_of: type[RnnMachineProgram | RnnTensorProgram], nonlinearity: str, sizes: tuple[int, int]
) -> None:
    case = make(*sizes, nonlinearity)
    program, gradient = program_of(case.cell, case.extent), torch.full_like(case.rows, 9.0)
    weights, gradients = case.views(case.rows), case.views(gradient)
    for _ in range(2):  # nothing of one update reaches the next
        last = program.forward(weights, case.inputs, STARTS)
        program.backward(weights, case.last, gradients)
    for lane, start in enumerate(STARTS):
        state, expected, norms = by_torch(case, lane)
        torch.testing.assert_close(last[lane], state, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(program.delta_norms[lane, start:], norms, rtol=1e-10, atol=1e-13)
        assert expected.keys() == gradients.keys()
        for name, value in expected.items():
            torch.testing.assert_close(gradients[name][lane], value, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("program_of", PROGRAMS)
def test_gradients_are_finite_differences(program_of: type[RnnMachineProgram | RnnTensorProgram]) -> None:
    case = make(5, 3, "tanh")
    program, gradient = program_of(case.cell, case.extent), torch.zeros_like(case.rows)

    def losses(rows: torch.Tensor) -> torch.Tensor:
        return (program.forward(case.views(rows), case.inputs, STARTS) * case.last).sum((1, 2))

    losses(case.rows)
    program.backward(case.views(case.rows), case.last, case.views(gradient))
    step = 1e-5
    for column in range(case.rows.shape[1]):
        move = torch.zeros_like(case.rows)
        move[:, column] = step
        slope = (losses(case.rows + move) - losses(case.rows - move)) / (2 * step)
        torch.testing.assert_close(gradient[:, column], slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("last_state", [machine_last_state, tensor_last_state])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_the_last_state_alone(last_state: type, nonlinearity: str, sizes: tuple[int, int]) -> None:
    case = make(*sizes, nonlinearity)
    found = last_state(case.cell, case.views(case.rows), case.inputs, STARTS)
    for lane in range(len(STARTS)):
        torch.testing.assert_close(found[lane], by_torch(case, lane)[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("program_of", PROGRAMS)
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_deltas_of_a_linear_network_are_powers(
    program_of: type[RnnMachineProgram | RnnTensorProgram], factor: float
) -> None:
    """With W = a I and positive states, delta_t = a^(T - t) delta_T (Pascanu, Mikolov and Bengio 2013)."""
    cell, steps = Rnn(hidden_size=4, nonlinearity="relu"), 120
    extent = Extent(1, steps, 2, 1, torch.float32, "cpu")
    weights = {"W": factor * torch.eye(4).unsqueeze(0), "U": torch.ones(1, 1, 4), "b": torch.zeros(1, 4)}
    flat = torch.cat([w.flatten(1) for w in weights.values()], 1)
    views = {"W": flat[:, :16].view(1, 4, 4), "U": flat[:, 16:20].view(1, 1, 4), "b": flat[:, 20:]}
    program, out = program_of(cell, extent), torch.zeros_like(flat)
    program.forward(views, torch.full((1, steps, 2, 1), 1e-30), [0])
    program.backward(
        views,
        torch.full((1, 2, 4), 1e-3),
        {"W": out[:, :16].view(1, 4, 4), "U": out[:, 16:20].view(1, 1, 4), "b": out[:, 20:]},
    )
    lags = torch.arange(steps - 1, -1, -1, dtype=torch.float64)
    expected = (8**0.5 * 1e-3 * factor**lags).float()
    torch.testing.assert_close(program.delta_norms[0], expected, rtol=1e-5, atol=0)
