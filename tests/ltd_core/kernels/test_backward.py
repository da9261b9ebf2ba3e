"""The way back of one lane: slopes of gates and norms of deltas, against autograd of a slow loop."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.cells import CELLS
from ltd_core.kernels.backward import backward_function
from ltd_core.kernels.forward import forward_function
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import compiled, drawn, shape_of
from tests.ltd_core.plain import path

CASES: dict[str, dict[str, Any]] = {
    "rnn": {"kind": "rnn", "hidden_size": 5},
    "rnn with skips": {"kind": "rnn", "hidden_size": 5, "delays": [1, 3]},
    "lstm": {"kind": "lstm", "hidden_size": 9},
    "gru": {"kind": "gru", "hidden_size": 3},
}
START, STEPS, B = 2, 9, 3


def zeros(*sizes: int) -> torch.Tensor:
    return torch.zeros(*sizes, dtype=torch.float64)


def both_ways(case: str, given: torch.Tensor, *, ratio: str = "") -> dict[str, torch.Tensor]:
    """Return what the kernels leave, and what autograd says of sum given * h over the last len(given) steps."""
    s = shape_of(CASES[case], B, ratio=ratio)
    cell = CELLS[CASES[case]["kind"]].model_validate(CASES[case])
    w = {name: drawn(*size, seed=i) * 0.5 for i, (name, size) in enumerate(cell.shapes(2).items())}
    x, h = drawn(STEPS, B, 2, seed=50), s.size
    states, tape = zeros(len(s.step.states), STEPS + 1, B, h), zeros(STEPS, B, s.step.slots, h)
    forward = forward_function(s, "made", keep=True)
    compiled(forward, s.precision)(x, w["W"], w["U"], w["b"], states, tape, START, STEPS)
    wt = torch.cat([part.T for part in w["W"].split(h)], 1).contiguous()
    logs, deltas, pushed = zeros(STEPS), zeros(STEPS, B, h), zeros(STEPS, B, h)
    back = compiled(backward_function(s, "made", once=len(given) == 1), s.precision)
    carry = zeros(len(s.step.states), B, h)
    none, exponents = (torch.zeros(STEPS, dtype=torch.int64) for _ in range(2))
    back(given, none, wt, w["b"], states, tape, carry, logs, exponents, deltas, pushed, START, STEPS, len(given))
    assert not exponents.any()
    leaves = {name: value.clone().requires_grad_() for name, value in w.items()}
    (seen,) = path(cell.model_dump(), leaves, x[START:])
    sum((g * after[0]).sum() for g, after in zip(given, seen[-len(given) :], strict=True)).backward()  # type: ignore[union-attr]
    grads = torch.stack([after[0].grad for after in seen])  # type: ignore[misc]
    found = {
        "norms": logs.exp(),
        "slopes": tape[START:, :, : len(s.step.gates)].sum((0, 1)).flatten(),
        "deltas": deltas,
    }
    return found | {"pushed": pushed, "d b": leaves["b"].grad, "d h": grads}  # type: ignore[dict-item]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("many", [1, 4])
def test_slopes_and_norms_are_autograds(case: str, many: int) -> None:
    found = both_ways(case, drawn(many, B, CASES[case]["hidden_size"], seed=9))
    torch.testing.assert_close(found["slopes"], found["d b"], rtol=1e-11, atol=1e-13)
    expected = found["d h"].flatten(1).norm(dim=1).flip(0)
    torch.testing.assert_close(found["norms"][: STEPS - START], expected, rtol=1e-11, atol=1e-13)
    assert torch.isnan(found["norms"][STEPS - START :]).all()


def test_a_regularizer_finds_deltas_and_what_became_of_them() -> None:
    found = both_ways("rnn", drawn(1, B, 5, seed=9), ratio="norms")
    torch.testing.assert_close(found["deltas"][START:], found["d h"], rtol=1e-11, atol=1e-13)
    # the loss reads the last state alone, so what is pushed from step t + 1 on is all of delta_t
    torch.testing.assert_close(found["pushed"][START + 1 :], found["d h"][:-1], rtol=1e-11, atol=1e-13)
