"""What holds of every experiment without training: shapes, determinism, JSON, and its way through the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import Computation, pack_for
from ltd_core.errors import WrongPack
from ltd_core.experiments import EXPERIMENTS
from ltd_core.experiments.direct import Direct
from ltd_core.lazy import torch
from ltd_core.metrics import METRICS
from ltd_core.spec import parse_spec
from tests.ltd_core.training import alone, small

DIRECT = [name for name, cls in EXPERIMENTS.items() if issubclass(cls, Direct)]
every = pytest.mark.parametrize("name", DIRECT)
SMALL: dict[str, dict[str, Any]] = {
    "gradient_census": {"samples": 20},
    "loss_cliff": {"points": 20},
    "stationary_point": {"updates": 200, "chains": 20},
    "growing_curvature": {"most_steps": 500},
    "escape": {"updates": 50, "chains": 20, "noise": 3.0},
    "clipping_bias": {"problem": {"kind": "temporal_order", "length": 12}, "examples": 64, "dtype": "float64"},
}


def blocks_of(name: str, lanes: int = 2, **changes: Any) -> dict[str, np.ndarray[Any, Any]]:
    spec = parse_spec({"experiment": name} | SMALL.get(name, {}) | changes)
    pack = pack_for(spec, lanes)
    pack.load(lanes - 1, spec)
    ((lane, progress),) = pack.advance().items()
    assert lane == lanes - 1
    assert progress.outcome is not None
    assert (progress.outcome.kind, progress.step) == ("exhausted", spec.steps)
    assert set(progress.summary) <= set(METRICS)
    assert any(value is not None for value in progress.summary.values())
    assert not pack.advance()
    declared = {info.name: info for info in spec.traces()}
    assert declared.keys() == {block.name for block in progress.blocks}
    for block in progress.blocks:
        assert block.values.shape == (spec.steps // declared[block.name].every, *declared[block.name].size)
        assert block.last_step == spec.steps
    return {block.name: block.values for block in progress.blocks}


@every
def test_it_runs_in_any_lane_to_the_same_bits(name: str) -> None:
    one, other = blocks_of(name), blocks_of(name, lanes=5)
    for trace, values in one.items():
        assert values.tobytes() == other[trace].tobytes()
        assert values.dtype == np.float64


@every
def test_its_bits_do_not_depend_on_threads(name: str) -> None:
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append({trace: values.tobytes() for trace, values in blocks_of(name).items()})
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]


@every
def test_another_seed_is_another_draw(name: str) -> None:
    one, other = blocks_of(name), blocks_of(name, seed=1)
    same = all(values.tobytes() == other[trace].tobytes() for trace, values in one.items())
    assert same == (name in {"loss_cliff", "growing_curvature"})  # nothing is drawn there


@every
def test_json_and_back(name: str) -> None:
    spec = parse_spec(EXPERIMENTS[name].example() | SMALL.get(name, {}))
    assert parse_spec(spec.full()) == spec
    assert parse_spec(spec.full()).digest == spec.digest


def test_runs_of_all_kinds_share_a_pack_but_not_with_training() -> None:
    specs = [parse_spec({"experiment": name} | SMALL.get(name, {})) for name in DIRECT]
    pack = Computation(specs[0], len(specs))
    for lane, spec in enumerate(specs):
        pack.load(lane, spec)
    made: dict[int, Any] = {}
    while progress := pack.advance():
        made |= progress
    assert sorted(made) == list(range(len(specs)))
    with pytest.raises(WrongPack):
        pack.load(0, parse_spec({"problem": {"kind": "adding"}}))


def test_every_metric_is_of_some_experiment() -> None:
    left = set(alone(small(updates=2, observation={"clipping": True}))[-1].summary)
    for name in DIRECT:
        spec = parse_spec({"experiment": name} | SMALL.get(name, {}))
        pack = pack_for(spec, 1)
        pack.load(0, spec)
        left |= set(pack.advance()[0].summary)
    assert left == set(METRICS)
