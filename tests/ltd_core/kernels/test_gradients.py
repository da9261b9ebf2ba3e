"""Sums over steps and sequences against einsum, for more rows than one block holds."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.kernels.gradients import gradient_function
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import compiled, drawn, shape_of

STEPS, B = 70, 5


@pytest.mark.parametrize(
    "cell",
    [
        {"kind": "rnn", "hidden_size": 9},
        {"kind": "rnn", "hidden_size": 3, "delays": [2, 5]},
        {"kind": "gru", "hidden_size": 4},
        {"kind": "lstm", "hidden_size": 3, "peephole": True, "delays": [1, 4]},
    ],
    ids=str,
)
@pytest.mark.parametrize("start", [0, 17])
def test_gradients_are_sums_of_products(cell: dict[str, Any], start: int) -> None:
    s = shape_of(cell, B)
    h, step = s.size, s.step
    states, x = drawn(len(step.states), STEPS + 1, B, h), drawn(STEPS, B, 2, seed=1)
    tape = drawn(STEPS, B, step.slots, h, seed=2)
    states[:, : start + 1] = 0.0  # as the way forward leaves them
    made = [
        torch.full(size, 9.0, dtype=torch.float64)
        for size in ((len(s.delays), h, s.recurrent), (2, s.entering), (len(step.slopes), h))
    ]
    compiled(gradient_function(s, "made"), s.precision)(x, states, tape, *made, start, STEPS)
    slopes = tape[:, :, : len(step.slopes)]
    past = slopes[:, :, : len(step.recurrent)].flatten(2)
    for place, delay in enumerate(s.delays):
        first = start + delay - 1
        expected = torch.einsum("tbh,tbg->hg", states[0, start : STEPS + 1 - delay], past[first:])
        torch.testing.assert_close(made[0][place], expected, rtol=1e-12, atol=1e-12)
    entering = slopes[start:, :, step.entering.start : step.entering.stop].flatten(2)
    torch.testing.assert_close(made[1], torch.einsum("tbi,tbg->ig", x[start:], entering), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(made[2], slopes[start:].sum((0, 1)), rtol=1e-12, atol=1e-12)
