"""Formulas on tensors, against the same in plain torch."""

from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from ltd_core.recurrence.expression import TIME, Node, active, constant, gate, old, relu, sigmoid, tanh
from ltd_core.recurrence.tensors import evaluate

A, H = (torch.linspace(-2, 2, 9, dtype=torch.float64), torch.linspace(1, -1, 9, dtype=torch.float64))
CASES = {
    "arithmetic": (gate("a") * old("h") - 2.0 * gate("a") + (1.0 - old("h")), A * H - 2 * A + (1 - H)),
    "functions": (tanh(gate("a")) + sigmoid(old("h")) * relu(gate("a")), A.tanh() + H.sigmoid() * A.relu()),
    "slope of relu": (Node("where_positive", (gate("a"), old("h"))), torch.where(A > 0, H, 0.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_formula_has_its_value(name: str) -> None:
    formula, expected = CASES[name]
    torch.testing.assert_close(evaluate(formula, {gate("a"): A, old("h"): H}), expected, rtol=1e-15, atol=0)


def test_a_clock_ticks_when_its_period_divides_the_steps_made() -> None:
    period = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    for t in range(7):
        known = {TIME: torch.tensor(float(t), dtype=torch.float64), constant("period"): period}
        assert evaluate(active(constant("period")), known).tolist() == [1, t % 2 == 0, t % 3 == 0]


def test_what_is_known_is_not_computed_and_what_is_computed_is_kept() -> None:
    inner = tanh(gate("a"))
    known = {inner: A}  # not the tangent, and without its leaf
    assert torch.equal(evaluate(inner + old("h"), known | {old("h"): H}), A + H)
    known = {gate("a"): A}
    value = evaluate(inner, known)
    assert known[inner] is value
