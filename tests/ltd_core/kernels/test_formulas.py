"""Formulas on vectors against the same formulas on tensors."""

from __future__ import annotations

from collections import Counter

import pytest

from ltd_core.kernels.formulas import Formulas
from ltd_core.lazy import torch
from ltd_core.recurrence.expression import Node, gate, old, relu, sigmoid, tanh
from ltd_core.recurrence.tensors import evaluate
from tests.ltd_core.kernels.harness import built, drawn, emitter

A, B, TIMES, PERIOD = gate("a"), gate("b"), gate("time"), gate("period")
LEAVES = (A, B, TIMES, PERIOD)
FORMULAS: dict[str, Node] = {
    "leaky tanh": 0.3 * old("h") + 0.7 * tanh(A + B),
    "gated": (1.0 - sigmoid(A)) * relu(B) - sigmoid(A) * B,
    "clocked": Node("active", (TIMES, PERIOD)) * A,
    "slope of relu": Node("where_positive", (relu(A), B)),
    "a number": Node("number", number=2.5),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_vectors_and_tensors_have_the_same_values(name: str) -> None:
    formula = FORMULAS[name]
    e = emitter("float64", integers="")
    width = e.width
    places = {leaf: place * width for place, leaf in enumerate((*LEAVES, old("h")))}
    asked = Counter[Node]()

    def known(node: Node) -> str | None:
        asked[node] += 1
        return e.load(e.at("%x", places[node]), width) if node in places else None

    e.store(Formulas(e, known).value(formula), "%out", width)
    x, out = drawn(5, width), torch.zeros(width, dtype=torch.float64)
    x[2], x[3] = torch.arange(width) * 7.0, torch.arange(width) % 3 + 2.0  # times and periods are whole
    built(e)(x, out)
    values = {leaf: x[place // width] for leaf, place in places.items()}
    expected = x[0].new_full((width,), 2.5) if formula.operation == "number" else evaluate(formula, values)
    torch.testing.assert_close(out, expected, rtol=1e-14, atol=1e-15)
    assert max(asked.values(), default=1) == 1, "each node once"


def test_a_clock_ticks_when_its_period_divides_the_time() -> None:
    e = emitter("float64", integers="")
    time, period = e.load("%x", 1), e.load(e.at("%x", 1), 1)
    e.store(
        Formulas(e, {gate("t"): time, gate("p"): period}.get).value(Node("active", (gate("t"), gate("p")))), "%out", 1
    )
    run = built(e)
    for t, p in ((0, 3), (3, 3), (999_999, 3), (1_000_000, 3), (7, 7), (49, 7), (48, 7), (1_000_000, 1_000_000)):
        out = torch.zeros(1, dtype=torch.float64)
        run(torch.tensor([t, p], dtype=torch.float64), out)
        assert out.item() == (t % p == 0), (t, p)
