"""The regularizer's sums over steps and sequences against its formula in plain torch."""

from __future__ import annotations

import pytest

from ltd_core.kernels.omega import omega_function
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import compiled, drawn, shape_of

STEPS, START, B, H = 6, 1, 4, 9


@pytest.mark.parametrize("ratio", ["squares", "norms"])
def test_value_and_gradient_are_the_formulas(ratio: str) -> None:
    s = shape_of({"kind": "rnn", "hidden_size": H}, B, ratio=ratio)
    tape, deltas, pushed = (drawn(STEPS, B, n * H, seed=n) for n in (s.step.slots, 1, 1))
    pushed = pushed * drawn(STEPS, 1, 1, seed=5)
    deltas[3, 2] *= 1e-11  # |d|^2 is below what is usable
    deltas[4] = 0.0  # and here no sequence's is
    pushed[2, 1] = 0.0  # a ratio of 0 has a term and no slope
    slopes, expected = tape[..., :H], torch.zeros((), dtype=torch.float64)
    d_w = torch.zeros(H, H, dtype=torch.float64)
    for t in range(START + 1, STEPS):
        usable = [b for b in range(B) if deltas[t, b] @ deltas[t, b] >= 1e-20]
        for b in usable:
            below, v = deltas[t, b] @ deltas[t, b], pushed[t, b]
            r = (v @ v) / below
            expected += (r - 1 if ratio == "squares" else r.sqrt() - 1) ** 2 / len(usable)
            factor = 4 * (r - 1) if ratio == "squares" else 2 * (1 - r**-0.5) if r > 0 else torch.zeros(())
            d_w += factor / below / len(usable) * torch.outer(v, slopes[t, b])
    exponents = torch.tensor([0, 30, -30, 0, 0, 60])
    for t, exponent in enumerate(exponents.tolist()):  # no number that comes out knows of the scale of a step
        for part in (tape, deltas, pushed):
            part[t] *= 2.0**exponent
    value, found = torch.full((1,), 7.0, dtype=torch.float64), torch.full((H, H), 7.0, dtype=torch.float64)
    compiled(omega_function(s), s.precision, "omega")(tape, deltas, pushed, exponents, value, found, START, STEPS)
    torch.testing.assert_close(value[0], expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(found, d_w, rtol=1e-11, atol=1e-13)
