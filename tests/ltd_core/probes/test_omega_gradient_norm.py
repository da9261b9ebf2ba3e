"""The norm of what the regularizer adds: the difference that it makes to one plain step, and slow differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.engine.layout import Layout
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from ltd_core.spec import parse_spec
from tests.ltd_core.oracle import by_engine, loss_of, run_of
from tests.ltd_core.plain import path
from tests.ltd_core.training import alone

RESTING: dict[str, dict[str, Any]] = {
    "constant alpha": {"time_scale": {"kind": "constant", "alpha": [0.2, 0.9]}},
    "learned alpha": {"time_scale": {"kind": "learned", "alpha": [0.2, 0.9]}},
    "clockwork": {"state_periods": [1, 3]},
    "leaky clockwork": {"state_periods": [1, 2], "time_scale": {"kind": "constant", "alpha": [0.2, 0.9]}},
    "groups that move in turn": {"update_periods": [1, 2]},
}
"""Cells with numbers that do not move, always or at the first update; learned ones beside them."""


def differences(spec: Training) -> float:
    """Return |weight dOmega| over what moves, of the first update: by central differences of a slow Omega."""
    layout = Layout(spec)
    row = layout.initial(spec)
    draws = Draws.of([stream_key(spec.seed, "data")], [1])
    batch = spec.problem.draw(draws, spec.batch_size, torch.float64)

    def value(flat: torch.Tensor) -> float:
        known = {name: view[0].requires_grad_() for name, view in layout.views(flat.unsqueeze(0)).items()}
        states = [step[0] for step in path(spec.full()["cell"], known, batch.inputs[0, int(batch.starts[0]) :])[-1]]
        outputs = torch.cat(states[-spec.problem.answers :]) @ known["V"] + known["c"]
        deltas = torch.autograd.grad(loss_of(spec, outputs, batch.targets[0].flatten())[0], states, retain_graph=True)
        total = 0.0
        for before, after, delta in zip(states, states[1:], deltas[1:], strict=False):
            (pushed,) = torch.autograd.grad(after, before, delta, retain_graph=True)
            ratios = pushed.square().sum(1) / delta.square().sum(1)
            total += float((ratios - 1).square().mean())
        return total

    step, slopes = 1e-6, []
    resting = {name: name in {"alpha", "period"} for name in layout.shapes}
    moves = torch.cat([torch.full(shape, not resting[name]).flatten() for name, shape in layout.shapes.items()])
    for place in moves.nonzero().flatten().tolist():
        away = torch.zeros_like(row)
        away[place] = step
        slopes.append((value(row + away) - value(row - away)) / (2 * step))
    return spec.full()["regularizer"]["weight"] * float(np.linalg.norm(slopes))


@pytest.mark.parametrize(
    ("time_scale", "state_periods", "expected"), [([0.2, 0.9], [], 1.359), ([0.2, 0.9], [1, 2], None)]
)
def test_it_is_of_what_moves_by_slow_differences(
    time_scale: list[float], state_periods: list[int], expected: float | None
) -> None:
    """The first case was once traced as 12.17, with the slope for alphas that are constants."""
    cell = {"kind": "rnn", "hidden_size": 4, "time_scale": {"kind": "constant", "alpha": time_scale}}
    described: dict[str, Any] = {"experiment": "training", "problem": {"kind": "copying", "length": 6}, "updates": 1}
    described |= {"cell": cell | {"state_periods": state_periods}, "batch_size": 3, "dtype": "float64"}
    described |= {"regularizer": {"kind": "omega", "weight": 0.5, "delta": "exact"}, "seed": 449454416}
    spec: Any = parse_spec(described)
    (traced,) = by_engine(spec).measured["omega_gradient_norm"]
    assert traced == pytest.approx(differences(spec), rel=1e-6)
    if expected:
        assert traced == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("delta", ["constant", "exact"])
@pytest.mark.parametrize("cell", list(RESTING))
def test_what_rests_is_not_in_it(cell: str, delta: str) -> None:
    lr, weight = 0.01, 0.7
    common: dict[str, Any] = {"clipping": {"kind": "none"}, "optimizer": {"kind": "sgd", "lr": lr}, "updates": 1}
    common |= {"cell": {"kind": "rnn", "hidden_size": 6} | RESTING[cell]}
    with_it = run_of(regularizer={"kind": "omega", "weight": weight, "delta": delta}, **common)
    (one,), (other,) = alone(with_it), alone(run_of(**common))
    (norm,) = [block.values[0] for block in one.blocks if block.name == "omega_gradient_norm"]
    moved, plain = weights(one.state), weights(other.state)
    added = np.concatenate([(moved[name] - plain[name]).flatten() for name in moved])
    np.testing.assert_allclose(np.linalg.norm(added), lr * norm, rtol=1e-8)


@pytest.mark.parametrize("decay", ["none", "inverse"])
def test_it_is_the_length_of_the_added_step(decay: str) -> None:
    lr, weight = 0.01, 0.7
    common: dict[str, Any] = {"clipping": {"kind": "none"}, "optimizer": {"kind": "sgd", "lr": lr}, "updates": 1}
    with_it = run_of(regularizer={"kind": "omega", "weight": weight, "decay": decay}, **common)
    (one,), (other,) = alone(with_it), alone(run_of(**common))
    (norm,) = [block.values[0] for block in one.blocks if block.name == "omega_gradient_norm"]
    moved, plain = weights(one.state), weights(other.state)
    np.testing.assert_allclose(np.linalg.norm(moved["W"] - plain["W"]), lr * norm, rtol=1e-8)
    for name in ("U", "b", "V", "c"):  # with delta constant, it moves W alone
        np.testing.assert_array_equal(moved[name], plain[name])
