"""The regularizer whose gradient goes through delta: its value is the other's, its gradient that of its value."""

from __future__ import annotations

import pytest

from ltd_core.engine.exact_omega import ExactOmega
from ltd_core.engine.layout import Layout
from ltd_core.engine.network import Reading
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import NETWORKS, STARTS, STEPS, Case
from tests.ltd_core.training import small

LONG = [lane for lane, start in enumerate(STARTS) if STEPS - start > 1]
"""Lanes with more than one step; the others have no term."""


def measured(ratio: str, rows: torch.Tensor | None = None) -> tuple[Case, ExactOmega, torch.Tensor, Reading]:
    case = Case({"kind": "rnn", "hidden_size": 5}, 3, "adding", ratio)
    spec = small(**case.spec.full() | {"regularizer": {"kind": "omega", "ratio": ratio, "delta": "exact"}})
    rows = case.rows if rows is None else rows
    network, gradient = ExactOmega(spec, rows, NETWORKS["machine"](spec, rows)), torch.zeros_like(rows)
    return case, network, gradient, network.train(rows, gradient, case.batch)


@pytest.mark.parametrize("ratio", ["squares", "norms"])
def test_its_gradient_is_the_slope_of_its_value(ratio: str) -> None:
    case, network, _, _ = measured(ratio)
    step, generator = 1e-6, torch.Generator().manual_seed(3)
    for _ in range(3):
        way = torch.randn(case.rows.shape, generator=generator, dtype=torch.float64)
        up, down = (measured(ratio, case.rows + move)[1].omega.value for move in (step * way, -step * way))
        slope = (network.omega.gradient * way).sum(1)
        torch.testing.assert_close(slope, (up - down) / (2 * step), rtol=1e-5, atol=1e-7)
    assert network.omega.gradient[LONG].abs().amax(1).min() > 1e-3


@pytest.mark.parametrize("ratio", ["squares", "norms"])
def test_its_value_and_all_else_are_the_networks(ratio: str) -> None:
    case, network, gradient, reading = measured(ratio)
    held = NETWORKS["machine"](case.spec, case.rows)
    expected = torch.zeros_like(case.rows)
    theirs = held.train(case.rows, expected, case.batch)
    torch.testing.assert_close(network.omega.value, held.omega.value, rtol=1e-10, atol=1e-13)
    assert torch.equal(gradient, expected), "the regularizer's gradient is apart"
    assert torch.equal(network.delta_logs.nan_to_num(), held.delta_logs.nan_to_num())
    assert torch.equal(reading.loss, theirs.loss)


@pytest.mark.parametrize("ratio", ["squares", "norms"])
def test_single_precision_has_it_where_no_square_of_a_delta_is_held(ratio: str) -> None:
    """|d| of 1e25, by answers that are far off: the ratio, and its gradient for W, are those of double precision."""
    found = []
    for dtype, kind in (("float32", torch.float32), ("float64", torch.float64)):
        spec = small(
            problem={"kind": "adding", "length": 10},
            cell={"kind": "rnn", "hidden_size": 5},
            regularizer={"kind": "omega", "ratio": ratio, "delta": "exact"},
            dtype=dtype,
        )
        layout = Layout(spec)
        rows = layout.initial(spec).float().to(kind).unsqueeze(0)
        layout.views(rows)["V"].mul_(1e12)
        layout.views(rows)["c"].fill_(1e13)
        batch = spec.problem.draw(Draws.of([1], [1]), 5, kind)
        network = ExactOmega(spec, rows, NETWORKS["tensor"](spec, rows))
        network.train(rows, torch.zeros_like(rows), batch)
        found.append((network.omega.value.double(), layout.views(network.omega.gradient.double())["W"]))
    assert network.delta_logs.amax() > 50
    for single, double in zip(*found, strict=True):
        torch.testing.assert_close(single, double, rtol=1e-3, atol=1e-4)
