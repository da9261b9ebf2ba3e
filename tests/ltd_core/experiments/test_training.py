"""A run of every mechanism at once against torch; what a specification says of its traces, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from tests.ltd_core.oracle import CLIPPINGS, by_engine, by_torch, check_weights, run_of
from tests.ltd_core.training import alone, small


@pytest.mark.parametrize("problem", ["temporal_order", "adding"])
@pytest.mark.parametrize("initialization", [{"kind": "spectral", "radius": 1.2}, {"kind": "gaussian", "gain": 0.8}])
def test_a_whole_run_is_torchs(problem: str, initialization: dict[str, object]) -> None:
    check_weights(problem={"kind": problem, "length": [12, 20]}, initialization=initialization, batch_size=3)


@pytest.mark.parametrize("clipping", CLIPPINGS, ids=lambda clipping: str(clipping["kind"]))
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_relu_run_under_every_rule_is_torchs(clipping: dict[str, object], momentum: float) -> None:
    check_weights(
        cell={"hidden_size": 9, "nonlinearity": "relu"},
        clipping=clipping,
        optimizer={"lr": 0.02, "momentum": momentum},
        problem={"kind": "adding", "length": [10, 25]},
    )


def test_the_smallest_sizes_and_odd_ones_are_torchs() -> None:
    for size, batch_size in ((1, 1), (1, 3), (33, 1)):
        check_weights(cell={"hidden_size": size}, batch_size=batch_size, problem={"kind": "adding", "length": 10})


@pytest.mark.parametrize("problem", ["temporal_order", "adding"])
def test_single_precision_follows_double(problem: str) -> None:
    """What the laboratory trains by default differs from torch in double precision by rounding alone."""
    described = {"problem": {"kind": problem, "length": [12, 20]}, "clipping": {"kind": "norm", "threshold": 0.3}}
    mine, theirs = by_engine(run_of(dtype="float32", **described)), by_torch(run_of(**described))
    for trace in ("loss", "gradient_norm", "clipped_gradient_norm", "delta_log_norm"):
        np.testing.assert_allclose(mine.array(trace), theirs.array(trace), rtol=1e-3, atol=1e-8, err_msg=trace)
    for name, value in theirs.weights.items():
        np.testing.assert_allclose(mine.weights[name], value, rtol=0, atol=1e-5, err_msg=name)


def test_the_traces_made_are_those_declared() -> None:
    spec = small(updates=260, evaluation={"every": 16, "sequences": 50, "stop": False})
    declared = {info.name: info for info in spec.traces()}
    made = {block.name: block for progress in alone(spec) for block in progress.blocks}
    assert made.keys() == declared.keys()
    for name, block in made.items():
        assert block.every == declared[name].every
        assert block.values.shape[1:] == declared[name].size


def test_a_run_without_evaluations_declares_none() -> None:
    assert not [info for info in small(evaluation={"every": 0}).traces() if info.name.startswith("evaluation")]


def test_a_run_that_no_lane_could_hold_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="make one smaller"):
        small(problem={"kind": "adding", "length": 5000}, cell={"kind": "rnn", "hidden_size": 2048}, batch_size=100)
