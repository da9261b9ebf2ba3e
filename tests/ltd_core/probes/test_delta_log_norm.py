"""ln |delta| against torch, closed forms and a slow way back, however far beyond a float's range it leads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.engine.layout import Layout
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.cells.harness import NETWORKS
from tests.ltd_core.far import delta_logs
from tests.ltd_core.oracle import by_engine, check, loss_of, run_of
from tests.ltd_core.training import alone, small

FAR: dict[str, dict[str, Any]] = {
    "rnn": {"kind": "rnn"},
    "lstm": {"kind": "lstm"},
    "gru": {"kind": "gru"},
    "leaky": {"kind": "rnn", "time_scale": {"kind": "constant", "alpha": [0.5, 0.9]}},
    "skip": {"kind": "rnn", "delays": [1, 5]},
}
everywhere = pytest.mark.parametrize("network", list(NETWORKS))


def far_and_slow(spec: Training, network: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], torch.Tensor]:
    """Return ln |delta| at the first weights by the engine and by the slow way back, and the engine's gradient."""
    kind = torch.float32 if spec.dtype == "float32" else torch.float64
    rows = Layout(spec).initial(spec).to(kind).unsqueeze(0)
    batch = spec.problem.draw(Draws.of([7], [1]), spec.batch_size, kind)
    made, gradient = NETWORKS[network](spec, rows), torch.zeros_like(rows)
    made.train(rows, gradient, batch)
    weights = {name: view[0].double() for name, view in Layout(spec).views(rows).items()}
    targets = batch.targets[0].double() if spec.problem.right_within is not None else batch.targets[0]
    slow = delta_logs(
        spec.full()["cell"],
        weights,
        batch.inputs[0].double(),
        lambda h: loss_of(spec, h @ weights["V"] + weights["c"], targets)[0],
    )
    return made.delta_logs[0].double().numpy(), np.array(slow), gradient[0]


def long_run(cell: dict[str, Any], length: int, **changes: Any) -> Training:
    described = {"problem": {"kind": "adding", "length": length}, "cell": {"hidden_size": 8} | cell, "batch_size": 2}
    return small(**described | changes)


def slope(logs: np.ndarray[Any, Any]) -> float:
    return float(logs[-1] - logs[0]) / (len(logs) - 1)


def test_every_step_of_every_update_is_torchs() -> None:
    check("delta_log_norm")


@pytest.mark.slow
@pytest.mark.parametrize("cell", list(FAR))
def test_single_precision_tells_it_ten_thousand_steps_back(cell: str) -> None:
    """The norm is about 1e-2300 then, of skips 1e-54."""
    logs, slow, _ = far_and_slow(long_run(FAR[cell], 10_000), "machine")
    assert slow[-1] < -120
    np.testing.assert_allclose(logs, slow, rtol=0, atol=1e-2)
    assert slope(logs) == pytest.approx(slope(slow), rel=1e-5)


@everywhere
@pytest.mark.parametrize(("cell", "steps"), [("rnn", 600), ("lstm", 550), ("gru", 300), ("leaky", 1000), ("skip", 450)])
def test_every_network_tells_what_vanished(cell: str, steps: int, network: str) -> None:
    """Beyond 1e-38, in single precision; in double precision to rounding, of the plain cell beyond 1e-308."""
    small_weights = {"kind": "spectral", "radius": 0.3}
    for dtype, close in (("float32", 1e-3), ("float64", 1e-9)):
        spec = long_run(FAR[cell], steps, initialization=small_weights, dtype=dtype)
        logs, slow, _ = far_and_slow(spec, network)
        assert slow[-1] < -90
        np.testing.assert_allclose(logs, slow, rtol=0, atol=close)


@everywhere
@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ({"kind": "rnn", "layers": 3}, {"kind": "adding", "length": 160}),
        ({"kind": "lstm", "layers": 2, "delays": [1, 3]}, {"kind": "adding", "length": 550}),
        ({"kind": "rnn", "layers": 2}, {"kind": "memorization", "length": 100}),
        ({"kind": "gru"}, {"kind": "memorization", "length": 270}),
    ],
    ids=str,
)
def test_layers_and_many_answers_meet_on_one_scale(cell: dict[str, Any], problem: dict[str, Any], network: str) -> None:
    """What reaches a layer from above and from behind may be of any sizes: single precision tells what double does."""
    found = []
    for dtype in ("float32", "float64"):
        spec = long_run(cell, 0, problem=problem, dtype=dtype, initialization={"kind": "spectral", "radius": 0.4})
        kind = torch.float32 if dtype == "float32" else torch.float64
        rows = Layout(spec).initial(spec).to(kind).unsqueeze(0)
        made = NETWORKS[network](spec, rows)
        made.train(rows, torch.zeros_like(rows), spec.problem.draw(Draws.of([7], [1]), spec.batch_size, kind))
        found.append(made.delta_logs[0].double().numpy())
    assert -690 < found[1][-1] < -90
    np.testing.assert_allclose(*found, rtol=0, atol=1e-3)


@everywhere
def test_every_network_tells_what_exploded(network: str) -> None:
    """A linear net of one unit grows by 3 a step: after 200 steps no single-precision float holds it."""
    cell = {"kind": "rnn", "nonlinearity": "identity", "hidden_size": 1}
    changes: dict[str, Any] = {"initialization": {"kind": "spectral", "radius": 3.0, "input_gain": 1e-30}}
    for steps in (60, 200):
        logs, _, gradient = far_and_slow(long_run(cell, steps, **changes), network)
        if np.isfinite(logs[0]):
            np.testing.assert_allclose(np.diff(logs), math.log(3.0), atol=1e-4)
        assert bool(torch.isfinite(gradient).all()) == (steps == 60)


@everywhere
def test_a_path_that_is_cut_is_exactly_zero(network: str) -> None:
    """With delay 2 alone, delta is zero at every second lag, not unmeasured; and so it is told."""
    spec = long_run({"kind": "rnn", "delays": [2]}, 40, dtype="float64")
    logs, slow, _ = far_and_slow(spec, network)
    assert (logs[1::2] == -math.inf).all()
    np.testing.assert_allclose(logs[::2], slow[::2], rtol=0, atol=1e-9)


def test_a_symmetric_matrix_shrinks_it_by_its_eigenvalues() -> None:
    """science.md, identities 1 and 2: at h = 0 delta goes back by W^T alone, so one unit gives |w|^lag exactly."""
    spec = run_of(
        cell={"hidden_size": 1},
        initialization={"kind": "spectral", "radius": 0.7, "input_gain": 1e-9},
        problem={"kind": "temporal_order", "length": 40},
        optimizer={"kind": "sgd", "lr": 1e-300},
        updates=2,
    )
    for logs in by_engine(spec).array("delta_log_norm"):
        np.testing.assert_allclose(logs - logs[0], math.log(0.7) * np.arange(40), atol=1e-9)


def test_lags_beyond_a_shorter_sequence_hold_no_number() -> None:
    found = by_engine(run_of()).array("delta_log_norm")
    lengths = np.isfinite(found).sum(1)
    assert found.shape[1] == 20
    assert (lengths.min(), lengths.max()) == (12, 20)
    for row, length in zip(found, lengths, strict=True):
        assert np.isnan(row[length:]).all()


@pytest.mark.parametrize("length", [200, 400])
def test_a_slope_is_that_of_double_precision(length: int) -> None:
    """A gated net whose delta leaves single precision half way."""
    described: dict[str, Any] = {
        "problem": {"kind": "adding", "length": length},
        "cell": {"kind": "gru", "hidden_size": 20},
        "initialization": {"kind": "spectral", "radius": 0.5},
        "updates": 2,
        "evaluation": {"every": 0},
    }
    found = [alone(small(**described, dtype=dtype))[-1].summary["delta_slope"] for dtype in ("float32", "float64")]
    assert found[0] == pytest.approx(found[1], rel=1e-5)


class Lines:
    """The numbers of one run."""

    def __init__(self, logs: np.ndarray[Any, Any]) -> None:
        self.logs = logs.tolist()

    def line(self, _: str, place: int) -> list[float]:
        return self.logs[place]


@pytest.mark.parametrize(
    ("cell", "dtype", "far", "told"),
    [
        ({"kind": "rnn"}, "float32", 1e6, "changes by a factor of 2.38 × 10⁻⁷"),
        ({"kind": "rnn"}, "float64", 1e6, "or saturated units on it have slopes that round to zero."),
        ({"kind": "rnn", "nonlinearity": "identity", "delays": [2]}, "float32", 1.0, "zero: every path to it is cut."),
        ({"kind": "rnn"}, "float32", 1.0, "changes by a factor of"),
    ],
)
def test_a_zero_by_saturation_is_not_told_as_a_path_that_is_cut(
    cell: dict[str, Any], dtype: str, far: float, told: str
) -> None:
    """A tanh at 1,000 has a slope of e^-2000, and at an odd lag a delay of 2 leaves none.

    In single precision, machine code's tanh ends below 1, at a slope of 2^-22 (decision 19).
    """
    spec = small(
        cell=cell | {"hidden_size": 4},
        initialization={"kind": "identity", "scale": 0.5, "input_gain": far},
        problem={"kind": "temporal_order", "length": 12},
        evaluation={"every": 0},
        updates=1,
        dtype=dtype,
    )
    logs = np.concatenate([block.values for block in alone(spec)[-1].blocks if block.name == "delta_log_norm"])
    picture = next(one for one in spec.pictures() if one.name == "delta_log_norm")
    assert told in picture.caption(Lines(logs))
    assert np.isneginf(logs[-1]).any() == ("zero" in told or "cut" in told)
