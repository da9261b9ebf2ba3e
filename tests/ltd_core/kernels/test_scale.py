"""What goes back keeps its scale in machine code: exponents, logarithms, slopes at their true size."""

from __future__ import annotations

import math

import pytest

from ltd_core.kernels.backward import backward_function
from ltd_core.kernels.scale import power_of_two, scaled, settle_function
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import built, compiled, drawn, emitter, shape_of

STEPS, B, H = 400, 2, 3


@pytest.mark.parametrize(("dtype", "most"), [("float32", 127), ("float64", 1023)])
def test_numbers_are_multiplied_by_any_power_of_two(dtype: str, most: int) -> None:
    kind = torch.float32 if dtype == "float32" else torch.float64
    for by in (-20 * most, 10 - most, -1, 0, 7, most - 10, 20 * most):
        e = emitter(dtype)
        scaled(e, "%x", 37, "%count")
        e.do(f"store {e.scalar} {power_of_two(e, '%count')}, ptr %out, align 4")
        x, out = drawn(37).to(kind), torch.zeros(1, dtype=kind)
        expected = [math.ldexp(v, by) if abs(by) < most else v * (math.inf if by > 0 else 0.0) for v in x.tolist()]
        built(e)(x, out, by)
        assert x.tolist() == expected
        assert out.item() == 2.0 ** min(max(by, 1 - most), most)


def test_a_linear_net_vanishes_on_scales_and_its_slopes_settle() -> None:
    """delta is halved and halved again: 400 times, three times as far as single precision reaches."""
    s = shape_of({"kind": "rnn", "hidden_size": H, "nonlinearity": "identity"}, B, dtype="float32")
    states, tape = torch.zeros(1, STEPS + 1, B, H), torch.zeros(STEPS, B, s.step.slots, H)
    logs, wt, given = torch.zeros(STEPS), 0.5 * torch.eye(H), torch.ones(1, B, H)
    none, exponents = (torch.zeros(STEPS, dtype=torch.int64) for _ in range(2))
    rooms = [torch.zeros(STEPS, B, H) for _ in range(2)]
    back = compiled(backward_function(s, "made", once=True), s.precision)
    carry = torch.zeros(1, B, H)
    back(given, none, wt, torch.zeros(H), states, tape, carry, logs, exponents, *rooms, 0, STEPS, 1)
    expected = math.log(math.sqrt(B * H)) - math.log(2.0) * torch.arange(STEPS)
    torch.testing.assert_close(logs, expected, rtol=1e-6, atol=1e-6)
    assert 350 < int(exponents[0]) < STEPS
    assert (tape[:, :, 0] > 2.0**-45).all()
    compiled(settle_function(s), s.precision, "settle")(tape, exponents, 0, STEPS)
    ages = torch.arange(STEPS).flip(0)
    assert torch.equal(tape[:, 0, 0, 0], 2.0 ** -ages.double().float())
