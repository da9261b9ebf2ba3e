"""A run that a former release began keeps its traces whole."""

from __future__ import annotations

import numpy as np

from ltd_core.engine import Pack
from ltd_core.engine.state import pack_state, unpack_state
from tests.ltd_core.training import alone, small


def as_a_former_release_left_it(state: bytes) -> bytes:
    meta, arrays = unpack_state(state)
    meta.pop("former")
    log, count = meta["summary"].pop("earliest_log")
    meta["summary"]["earliest"] = [float(np.exp(log)), count]
    return pack_state(meta, arrays)


def test_a_run_goes_on_with_the_norms_that_it_has() -> None:
    spec = small()
    whole = alone(spec)
    first, then = whole[0], [block for progress in whole[1:] for block in progress.blocks]
    pack, blocks, state = Pack(spec, 1), [], as_a_former_release_left_it(first.state)
    while True:
        pack.load(0, spec, state)  # again and again: that it is a former run is in its state
        reached = pack.advance()[0]
        blocks += reached.blocks
        state = reached.state
        if reached.outcome:
            break
        pack.clear(0)
    told = {name: np.concatenate([b.values for b in blocks if b.name == name]) for name in {b.name for b in blocks}}
    assert "delta_log_norm" not in told
    logs = np.concatenate([block.values for block in then if block.name == "delta_log_norm"])
    np.testing.assert_allclose(told["delta_norm"], np.exp(logs), rtol=1e-6)
    losses = np.concatenate([block.values for block in then if block.name == "loss"])
    np.testing.assert_array_equal(told["loss"], losses)
    assert reached.summary["delta_slope"] == whole[-1].summary["delta_slope"]
    former = spec.former_traces()["delta_log_norm"]
    assert (former.name, former.size) == ("delta_norm", told["delta_norm"].shape[1:])
