"""What a pack accepts, how its runs end, and that a run resumed from any state ends as if it had never stopped."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.engine import Pack, weights
from ltd_core.errors import CorruptState, WrongPack
from tests.ltd_core.training import alone, exactly, small

TRACES = {
    "loss",
    "error_rate",
    "gradient_norm",
    "clipped_gradient_norm",
    "clipped_share",
    "delta_log_norm",
    "spectral_radius",
    "evaluation_loss",
    "evaluation_error",
}


def test_traces_have_a_point_at_every_update_or_period() -> None:
    spec = small(updates=520, evaluation={"every": 16, "sequences": 100, "stop": False})
    found: dict[str, list[int]] = {}
    for progress in alone(spec):
        for block in progress.blocks:
            steps = range(block.first_step, block.first_step + block.every * len(block.values), block.every)
            found.setdefault(block.name, []).extend(steps)
    assert found.keys() == TRACES
    for name in TRACES - {"spectral_radius", "evaluation_loss", "evaluation_error"}:
        assert found[name] == list(range(1, 521)), name
    assert found["spectral_radius"] == [250, 500]
    assert found["evaluation_loss"] == found["evaluation_error"] == list(range(16, 521, 16))


def test_a_resumed_run_ends_as_if_it_had_never_stopped() -> None:
    spec = small(updates=1100, evaluation={"every": 16, "sequences": 130, "stop": False})
    whole = alone(spec)
    assert [reached.step for reached in whole] == [16, 64, 1024, 1100]
    for stop, reached in enumerate(whole[:-1]):
        pack = Pack(spec, 3)
        pack.load(2, spec, reached.state)
        rest = []
        while made := pack.advance():
            rest += made.values()
        assert exactly(rest) == exactly(whole[stop + 1 :])


def test_a_run_that_is_interrupted_within_its_blocks_is_the_same_to_the_bit() -> None:
    spec = small(updates=200, evaluation={"every": 16, "sequences": 130, "stop": False})
    pack, made, calls = Pack(spec, 1), [], 0
    pack.load(0, spec)
    while not made or made[-1].outcome is None:
        made += pack.advance(1e-6).values()
        calls += 1
    assert calls > 30
    assert exactly(made) == exactly(alone(spec))


def test_a_damaged_state_or_one_of_another_run_is_refused() -> None:
    spec, other = small(), small(seed=1)
    state = alone(spec)[0].state
    damaged = state[:100] + bytes([state[100] ^ 1]) + state[101:]
    pack = Pack(spec, 1)
    with pytest.raises(CorruptState, match="damaged"):
        pack.load(0, spec, damaged)
    with pytest.raises(CorruptState, match="damaged"):
        pack.load(0, spec, b"")
    with pytest.raises(CorruptState, match=spec.digest):
        pack.load(0, other, state)
    pack.load(0, spec, state)  # the lane is still free


def test_a_pack_refuses_another_shape_and_a_lane_in_use() -> None:
    spec = small()
    pack = Pack(spec, 2)
    with pytest.raises(WrongPack, match="shape"):
        pack.load(0, small(batch_size=6))
    for lane in (-1, 2):
        with pytest.raises(WrongPack, match="free lane"):
            pack.load(lane, spec)
    pack.load(1, spec)
    with pytest.raises(WrongPack, match="free lane"):
        pack.load(1, small(seed=3))


def test_divergence_is_an_outcome_with_its_trace() -> None:
    spec = small(optimizer={"kind": "sgd", "lr": 1e38}, clipping={"kind": "none"})
    (*_, last) = alone(spec)
    assert last.outcome is not None
    assert (last.outcome.kind, last.outcome.step) == ("diverged", last.step)
    assert 1 < last.step < spec.full()["updates"]
    losses = np.concatenate([b.values for p in alone(spec) for b in p.blocks if b.name == "loss"])
    norms = np.concatenate([b.values for p in alone(spec) for b in p.blocks if b.name == "gradient_norm"])
    assert len(losses) == last.step
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite([losses[-1], norms[-1]]).all()
    assert last.summary["diverged"] == 1
    assert last.summary["final_loss"] is None
    assert all(np.isfinite(w).all() for w in weights(last.state).values())


def test_a_solved_run_stops_at_its_evaluation_if_asked() -> None:
    easy = {"every": 16, "sequences": 64, "solved_below": 1.0}
    (*_, last) = alone(small(evaluation=easy))
    assert last.outcome is not None
    assert (last.outcome.kind, last.outcome.step) == ("solved", 16)
    assert last.summary["updates_to_success"] == 16
    (*_, going) = alone(small(evaluation=easy | {"stop": False}))
    assert going.outcome is not None
    assert (going.outcome.kind, going.step) == ("exhausted", 70)
    assert going.summary["updates_to_success"] == 16


def test_a_cleared_lane_is_free_and_the_others_go_on() -> None:
    specs = [small(seed=seed) for seed in range(3)]
    pack = Pack(specs[0], 3)
    for lane, spec in enumerate(specs):
        pack.load(lane, spec)
    made = {2: [pack.advance()[2]]}
    assert pack.state(2) == made[2][0].state
    pack.clear(0)
    pack.clear(0)  # nobody is there any more
    pack.load(0, small(seed=9))
    while progress := pack.advance():
        made[2] += [reached for lane, reached in progress.items() if lane == 2]
    assert exactly(made[2]) == exactly(alone(specs[2]))


def test_nothing_is_computed_without_runs() -> None:
    assert Pack(small(), 2).advance() == {}


def test_a_run_without_evaluations_uses_its_budget_up() -> None:
    (*_, last) = alone(small(evaluation={"every": 0}))
    assert last.outcome is not None
    assert (last.outcome.kind, last.step) == ("exhausted", 70)
    assert last.summary["success"] is None
    assert {block.name for block in last.blocks} & {"evaluation_loss", "evaluation_error"} == set()
