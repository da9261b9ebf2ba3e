"""A run of every mechanism at once against torch; what a specification says of its traces, and what it refuses."""

from __future__ import annotations

import pytest

from ltd_core.errors import InvalidSpec
from tests.ltd_core.oracle import check_weights
from tests.ltd_core.training import alone, small


@pytest.mark.parametrize("problem", ["temporal_order", "adding"])
@pytest.mark.parametrize("initialization", [{"kind": "spectral", "radius": 1.2}, {"kind": "gaussian", "gain": 0.8}])
def test_a_whole_run_is_torchs(problem: str, initialization: dict[str, object]) -> None:
    check_weights(problem={"kind": problem, "length": [12, 20]}, initialization=initialization, batch_size=3)


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
