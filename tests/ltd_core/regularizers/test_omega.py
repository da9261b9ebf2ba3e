"""Pascanu's regularizer against its definition: values, gradients with delta constant and exact, one training step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine.exact_omega import ExactOmega
from ltd_core.engine.network import Omega as Measured
from ltd_core.errors import InvalidSpec
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.regularizers.omega import Omega
from tests.ltd_core.cells.harness import NETWORKS, STARTS, STEPS, Case
from tests.ltd_core.oracle import run_of
from tests.ltd_core.training import alone, small

CELLS: list[dict[str, Any]] = [
    {"kind": "rnn"},
    {"kind": "rnn", "nonlinearity": "relu"},
    {"kind": "rnn", "time_scale": {"kind": "learned"}},
]
RATIOS = ("squares", "norms")
LONG = [lane for lane, start in enumerate(STARTS) if STEPS - start > 1]
"""Lanes with more than one step; the others have no term."""

everywhere = pytest.mark.parametrize("ratio", RATIOS)
of_cells = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(map(str, cell.values())))


def case_of(cell: dict[str, Any], ratio: str, problem: str = "temporal_order", batch_size: int = 6) -> Case:
    return Case(cell | {"hidden_size": 7}, batch_size, problem, ratio)


def measured(case: Case, kind: str) -> Measured:
    network, gradient = NETWORKS[kind](case.spec, case.rows), torch.zeros_like(case.rows)
    for _ in range(2):
        network.train(case.rows, gradient, case.batch)
    return network.omega


class Run:
    """One lane's way forward by plain code, from weights that torch differentiates."""

    def __init__(self, case: Case, lane: int, row: torch.Tensor) -> None:
        w = {name: view[0] for name, view in case.layout.views(row.unsqueeze(0)).items()}
        function = torch.relu if case.cell.get("nonlinearity") == "relu" else torch.tanh
        self.alpha = torch.sigmoid(w["alpha_logit"]) if "time_scale" in case.cell else torch.zeros(1).double()
        self.states, self.slopes = [row.new_zeros(case.batch_size, 7)], [row.new_zeros(0)]
        for t in range(STARTS[lane], STEPS):
            sums = (self.states[-1] @ w["W"] + case.batch.inputs[lane, t] @ w["U"] + w["b"]).detach().requires_grad_()
            (slope,) = torch.autograd.grad(function(sums).sum(), sums)
            value = function(self.states[-1] @ w["W"] + case.batch.inputs[lane, t] @ w["U"] + w["b"])
            self.states.append(self.alpha * self.states[-1] + (1.0 - self.alpha) * value)
            self.slopes.append(slope)
        outputs = self.states[-1] @ w["V"] + w["c"]
        if case.spec.problem.right_within is None:
            self.loss = torch.nn.functional.cross_entropy(outputs, case.batch.targets[lane])
        else:
            self.loss = ((outputs - case.batch.targets[lane]) ** 2).sum(-1).mean()

    def omega(self, ratio: str, matrix: torch.Tensor, *, frozen: bool) -> torch.Tensor:
        """Return the regularizer; frozen: everything but the matrix of the last product is a number."""
        deltas = torch.autograd.grad(self.loss, self.states[1:], create_graph=True)
        total = matrix.sum() * 0.0
        for t in range(2, len(self.states)):
            delta = deltas[t - 1].detach() if frozen else deltas[t - 1]
            if frozen:
                alpha = self.alpha.detach()
                pushed = alpha * delta + ((1.0 - alpha) * delta * self.slopes[t]) @ matrix.t()
            else:
                (pushed,) = torch.autograd.grad(self.states[t], self.states[t - 1], delta, create_graph=True)
            r = (pushed * pushed).sum(-1) / (delta * delta).sum(-1)
            total = total + ((r if ratio == "squares" else r.sqrt()) - 1.0).square().mean()
        return total


@pytest.mark.parametrize("kind", list(NETWORKS))
@pytest.mark.parametrize("problem", ["temporal_order", "adding"])
@everywhere
@of_cells
def test_value_and_gradient_with_delta_constant(kind: str, ratio: str, cell: dict[str, Any], problem: str) -> None:
    case = case_of(cell, ratio, problem)
    found = measured(case, kind)
    for lane in range(len(STARTS)):
        row = case.rows[lane].clone().requires_grad_()
        run, matrix = Run(case, lane, row), case.rows[lane, :49].view(7, 7).clone().requires_grad_()
        value = run.omega(ratio, matrix, frozen=True)
        (gradient,) = torch.autograd.grad(value, matrix)
        torch.testing.assert_close(found.value[lane], value.detach(), rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(found.gradient[lane], gradient.flatten(), rtol=1e-9, atol=1e-11)


@everywhere
def test_the_frozen_gradient_is_a_finite_difference(ratio: str) -> None:
    case, step = case_of(CELLS[0], ratio), 1e-6
    gradient = measured(case, "machine").gradient
    for lane in LONG[:2]:
        run, matrix = Run(case, lane, case.rows[lane].clone().requires_grad_()), case.rows[lane, :49].view(7, 7)
        for place in range(0, 49, 5):
            move = torch.zeros(49, dtype=torch.float64)
            move[place] = step
            up, down = (run.omega(ratio, matrix + m.view(7, 7), frozen=True).detach() for m in (move, -move))
            torch.testing.assert_close(gradient[lane, place], (up - down) / (2 * step), rtol=1e-6, atol=1e-8)


@everywhere
def test_one_term_is_the_published_formula(ratio: str) -> None:
    """dOmega/dW = 4 (r - 1) v^T s / |d|^2, or 2 (1 - 1 / sqrt(r)) v^T s / |d|^2, for one step of one sequence."""
    case = Case({"kind": "rnn", "hidden_size": 7}, 1, "temporal_order", ratio)
    lane, start = 0, STEPS - 2
    batch = Batch(case.batch.inputs, case.batch.targets, torch.full((len(STARTS),), start))
    network = NETWORKS["machine"](case.spec, case.rows)
    network.train(case.rows, torch.zeros_like(case.rows), batch)
    w = {name: view[lane] for name, view in case.layout.views(case.rows).items()}
    first = torch.tanh(batch.inputs[lane, start] @ w["U"] + w["b"])
    last = torch.tanh(first @ w["W"] + batch.inputs[lane, start + 1] @ w["U"] + w["b"])
    share = torch.softmax(last @ w["V"] + w["c"], -1)
    share[0, batch.targets[lane, 0]] -= 1.0
    d = share @ w["V"].t()
    s = d * (1.0 - last * last)
    v = s @ w["W"].t()
    below, r = float((d * d).sum()), float((v * v).sum() / (d * d).sum())
    factor = 4.0 * (r - 1.0) if ratio == "squares" else 2.0 * (1.0 - r**-0.5)
    expected = factor * v.t() @ s / below
    torch.testing.assert_close(network.omega.gradient[lane], expected.flatten(), rtol=1e-9, atol=1e-12)


@everywhere
@of_cells
def test_exact_is_the_gradient_of_all_weights(ratio: str, cell: dict[str, Any]) -> None:
    case = case_of(cell, ratio, "adding", 3)
    spec = small(
        **case.spec.full()
        | {"regularizer": {"kind": "omega", "ratio": ratio, "delta": "exact"}, "experiment": "training"}
    )
    network = ExactOmega(spec, case.rows, NETWORKS["machine"](spec, case.rows))
    network.train(case.rows, torch.zeros_like(case.rows), case.batch)
    held = case_of(cell, ratio, "adding", 3)
    torch.testing.assert_close(network.omega.value, measured(held, "machine").value, rtol=1e-9, atol=1e-12)
    step = 1e-6
    for lane in LONG[:2]:
        for place in range(0, case.rows.shape[1], 3):
            move = torch.zeros_like(case.rows[lane])
            move[place] = step
            up, down = (
                Run(case, lane, (case.rows[lane] + m).requires_grad_()).omega(ratio, case.rows[lane], frozen=False)
                for m in (move, -move)
            )
            expected = ((up - down) / (2 * step)).detach()
            torch.testing.assert_close(network.omega.gradient[lane, place], expected, rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize("delta", ["constant", "exact"])
def test_a_training_step_adds_it_before_clipping(delta: str) -> None:
    """With a vanishing learning rate, the traced norms are those of one weight or another at the same weights."""
    common: dict[str, Any] = {"optimizer": {"kind": "sgd", "lr": 1e-12}, "updates": 4, "clipping": {"kind": "norm"}}
    omega: dict[str, Any] = {"kind": "omega", "delta": delta}
    traces = []
    for weight in (1.0, 3.0):
        (progress,) = alone(run_of(**common, regularizer=omega | {"weight": weight}))
        traces.append({block.name: block.values for block in progress.blocks})
    one, three = traces
    np.testing.assert_allclose(three["omega"], one["omega"], rtol=1e-8)
    np.testing.assert_allclose(three["omega_gradient_norm"], 3.0 * one["omega_gradient_norm"], rtol=1e-8)
    assert (three["gradient_norm"] > one["gradient_norm"]).all()
    assert (three["clipped_gradient_norm"] <= 1.0 + 1e-12).all()


def test_the_weight_may_decay() -> None:
    steady, falling = Omega(weight=6.0), Omega(weight=6.0, decay="inverse")
    assert [steady.weight_at(step) for step in (1, 2, 3)] == [6.0, 6.0, 6.0]
    assert [falling.weight_at(step) for step in (1, 2, 3)] == [6.0, 3.0, 2.0]


@pytest.mark.parametrize(
    "cell", [{"kind": "lstm"}, {"kind": "rnn", "layers": 2}, {"kind": "rnn", "delays": [1, 2]}], ids=str
)
def test_it_needs_one_matrix_from_state_to_state(cell: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="one matrix") as refused:
        small(cell=cell, regularizer={"kind": "omega"})
    assert [problem.field for problem in refused.value.problems] == ["regularizer"]


@pytest.mark.parametrize("network", list(NETWORKS))
@everywhere
@pytest.mark.parametrize("gain", [1e-12, 1e12])
def test_deltas_whose_squares_leave_the_range_have_a_ratio(network: str, ratio: str, gain: float) -> None:
    """In single precision; a delta is as long as the readout's weights make it, and the ratio does not know of it."""
    found = []
    for dtype in ("float32", "float64"):
        case = case_of({"kind": "rnn"}, ratio, "adding")
        kind = torch.float32 if dtype == "float32" else torch.float64
        spec, rows = case.spec.model_copy(update={"dtype": dtype}), case.rows.to(kind)
        case.layout.views(rows)["V"].mul_(gain)
        made = NETWORKS[network](spec, rows)
        batch = Batch(case.batch.inputs.to(kind), case.batch.targets.to(kind) * gain, case.batch.starts)
        made.train(rows, torch.zeros_like(rows), batch)
        found.append((made.omega.value.double(), made.omega.gradient.double()))
    for mine, exact in zip(*found, strict=True):
        assert torch.isfinite(exact).all()
        torch.testing.assert_close(mine[LONG], exact[LONG], rtol=1e-3, atol=1e-5)
    assert bool(found[1][0][LONG].all()) == (gain > 1)
