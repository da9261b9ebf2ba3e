"""A layer's Jacobians, what reaches the layer below, and sequences repeated, against autograd."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.engine.tensor_layer import TensorLayer
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import STARTS, STEPS, Case
from tests.ltd_core.plain import one_step

CELLS: dict[str, dict[str, Any]] = {
    "leaky clock": {"kind": "rnn", "state_periods": [1, 3], "time_scale": {"kind": "learned", "alpha": [0.3, 0.9]}},
    "lstm": {"kind": "lstm", "peephole": True},
    "gru": {"kind": "gru"},
}
each = pytest.mark.parametrize("name", CELLS)


def layer_of(name: str, lanes: slice = slice(None)) -> tuple[Case, TensorLayer, torch.Tensor]:
    case = Case(CELLS[name] | {"hidden_size": 4}, 2)
    inputs = case.batch.inputs[lanes].clone().requires_grad_()
    layer = TensorLayer(case.spec.cell, case.layout.views(case.rows[lanes]), 0)
    return case, layer, layer.forward(inputs, case.batch.starts[lanes])


@each
def test_states_are_zero_before_the_start_and_then_the_loops(name: str) -> None:
    case, _, states = layer_of(name)
    for lane, start in enumerate(STARTS):
        w = {n: view[0] for n, view in case.layout.views(case.rows[lane : lane + 1]).items()}
        nothing = torch.zeros(2, 4, dtype=torch.float64)
        seen = [(nothing, nothing) if name == "lstm" else (nothing,)]
        assert not states[lane, :start].any()
        for t in range(start, STEPS):
            seen.append(one_step(case.spec.full()["cell"], w, 0, seen, case.batch.inputs[lane, t]))
            torch.testing.assert_close(states[lane, t], seen[-1][0], rtol=1e-13, atol=1e-15)


@each
def test_jacobians_are_those_of_one_step(name: str) -> None:
    case, layer, _ = layer_of(name, slice(0, 1))
    w = {n: view[0] for n, view in case.layout.views(case.rows[:1]).items()}
    step, found, kept = case.spec.cell.step, layer.jacobians(0), layer.tape
    for t, b in ((0, 0), (3, 1), (5, 0)):
        before = torch.cat(
            [next(v for n, v in kept[t].items() if (n.operation, n.name) == ("old", s))[0, b] for s in step.states]
        )

        def after(flat: torch.Tensor, t: int = t, b: int = b) -> torch.Tensor:
            states = tuple(part.view(1, -1) for part in flat.split(4))
            made = one_step(case.spec.full()["cell"], w, 0, [states] * (t + 1), case.batch.inputs[0, t, b : b + 1])
            return torch.cat([s.flatten() for s in made])

        expected = torch.autograd.functional.jacobian(after, before)
        torch.testing.assert_close(found[t, b], expected, rtol=1e-12, atol=1e-14)


@each
def test_what_reaches_the_layer_below_is_the_slope_by_the_inputs(name: str) -> None:
    case, generator = Case(CELLS[name] | {"hidden_size": 4, "layers": 2}, 2), torch.Generator().manual_seed(1)
    inputs = torch.randn(4, STEPS, 2, 4, generator=generator, dtype=torch.float64).requires_grad_()
    given = torch.randn(4, 1, 2, 4, generator=generator, dtype=torch.float64)
    above, other = (TensorLayer(case.spec.cell, case.layout.views(case.rows), 1) for _ in range(2))
    (above.forward(inputs, case.batch.starts)[:, -1] * given[:, 0]).sum().backward()
    other.forward(inputs.detach(), case.batch.starts)
    other.back(given)
    torch.testing.assert_close(other.below(), inputs.grad, rtol=1e-11, atol=1e-14)


@each
def test_repeated_sequences_go_back_each_by_itself(name: str) -> None:
    _, layer, _ = layer_of(name)
    given = torch.randn(4, 1, 2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        many = layer.repeated(3)
        many.back(torch.stack([given, 2 * given, 0 * given], 3).flatten(2, 3))
        layer.back(given)
    deltas = many.deltas.view(STEPS, 4, 2, 3, 4)
    torch.testing.assert_close(deltas[:, :, :, 0], layer.deltas, rtol=1e-13, atol=1e-16)
    torch.testing.assert_close(deltas[:, :, :, 1], 2 * layer.deltas, rtol=1e-13, atol=1e-16)
    assert not deltas[:, :, :, 2].any()
