"""What a step derives from its formulas: which gates see what, and the formulas of the way back, against autograd."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.cells import CELLS
from ltd_core.lazy import torch
from ltd_core.recurrence.expression import TIME, ZERO, constant, delta, gate, old, parameter, walk
from ltd_core.recurrence.tensors import evaluate
from tests.ltd_core.cells.harness import VARIANTS

STEPS = {str(v): v for v in VARIANTS.values() if not v.get("layers")}


def step_of(cell: dict[str, Any]) -> Any:
    return CELLS[cell["kind"]].model_validate(cell).step


@pytest.mark.parametrize("name", STEPS)
def test_slopes_and_carries_are_autograds(name: str) -> None:
    step, generator = step_of(STEPS[name]), torch.Generator().manual_seed(0)
    leaves = [*map(gate, step.gates), *map(parameter, step.parameters), *map(old, step.states)]
    values = {leaf: torch.randn(4, generator=generator, dtype=torch.float64).requires_grad_() for leaf in leaves}
    fixed = {constant(n): torch.rand(4, generator=generator, dtype=torch.float64).round() + 1 for n in step.constants}
    fixed |= {TIME: torch.full((4,), 6.0, dtype=torch.float64)}
    deltas = {delta(n): torch.randn(4, generator=generator, dtype=torch.float64) for n in step.states}
    known = values | fixed
    loss = sum((evaluate(f, known) * deltas[delta(n)]).sum() for n, f in step.update)
    expected = torch.autograd.grad(loss, list(values.values()), materialize_grads=True)
    back = {leaf: value.detach() for leaf, value in (values | fixed).items()} | deltas
    for formula, slope in zip((*step.slopes, *step.carries), expected, strict=True):
        found = torch.zeros(4, dtype=torch.float64) if formula == ZERO else evaluate(formula, dict(back))
        torch.testing.assert_close(found.expand(4), slope, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", STEPS)
def test_the_way_back_needs_what_is_kept_and_what_is_at_hand(name: str) -> None:
    step = step_of(STEPS[name])
    at_hand = {"old", "parameter", "constant", "number", "time", "active", "delta"}
    after = {formula for _, formula in step.update}

    def missing(formula: Any) -> bool:
        if formula in after or formula in step.kept or formula.operation in at_hand:
            return False
        return not formula.inputs or any(missing(below) for below in formula.inputs)

    assert not [formula for formula in (*step.slopes, *step.carries) if missing(formula)]
    assert step.slots == max(len(step.kept), len(step.slopes))


def test_gates_see_what_they_are_said_to_see() -> None:
    gru = step_of({"kind": "gru"})  # n_h, r, z, n_x
    assert [gru.gates[i] for i in gru.recurrent] == ["n_h", "r", "z"]
    assert [gru.gates[i] for i in gru.entering] == ["r", "z", "n_x"]


def test_what_gates_open_comes_in_their_order() -> None:
    lstm = step_of({"kind": "lstm", "peephole": True})
    names = [max((n.name for n in walk([node]) if n.operation == "gate"), key=lstm.gates.index) for node in lstm.opened]
    assert names == ["i", "f", "o"]
    assert step_of({"kind": "rnn", "time_scale": {"kind": "learned"}}).opened == ()


def test_a_state_is_found_by_its_formula() -> None:
    lstm = step_of({"kind": "lstm"})
    assert [lstm.state_after(formula) for _, formula in lstm.update] == [0, 1]
    assert lstm.state_after(old("h")) is None
