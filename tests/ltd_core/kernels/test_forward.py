"""The way forward of one lane against a slow loop over its steps, and with the last states alone."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.cells import CELLS
from ltd_core.kernels.forward import forward_function
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import compiled, drawn, shape_of
from tests.ltd_core.plain import path

CASES: dict[str, dict[str, Any]] = {
    "rnn with skips": {"kind": "rnn", "hidden_size": 5, "delays": [1, 3]},
    "lstm with peepholes": {"kind": "lstm", "hidden_size": 9, "peephole": True},
    "gru removed": {"kind": "gru", "hidden_size": 3, "delays": [2]},
}
START, STEPS = 2, 9


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("keep", [True, False])
def test_states_are_those_of_a_loop(case: str, *, keep: bool) -> None:
    s = shape_of(CASES[case])
    cell = CELLS[CASES[case]["kind"]].model_validate(CASES[case])
    w = {name: drawn(*size, seed=i) for i, (name, size) in enumerate(cell.shapes(2).items())}
    x = drawn(STEPS, 3, 2, seed=50)
    held, states = (STEPS + 1 if keep else s.ring), len(s.step.states)
    made = torch.full((states, held, 3, s.size), torch.nan, dtype=torch.float64)
    tape = torch.full((STEPS if keep else 0, 3, s.step.slots, s.size), torch.nan, dtype=torch.float64)
    biases = torch.cat([value for name, value in w.items() if name not in "WU"])  # units' numbers lie behind
    compiled(forward_function(s, "made", keep=keep), s.precision)(x, w["W"], w["U"], biases, made, tape, START, STEPS)
    (expected,) = path(cell.model_dump(), w, x[START:])
    times = range(START + 1, STEPS + 1) if keep else [STEPS]
    for t in times:
        for place in range(states):
            found = made[place, t % held]
            torch.testing.assert_close(found, expected[t - START - 1][place], rtol=1e-12, atol=1e-14)
    if keep:
        assert not made[:, START].any()
        assert torch.isfinite(tape[START:, :, : len(s.step.kept)]).all()
        assert torch.isnan(tape[:START]).all(), "nothing is written before the start"
