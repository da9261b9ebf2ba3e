"""Experiments without training in lanes: one a call, refused where they do not belong."""

from __future__ import annotations

import pytest

from ltd_core.engine.computation import Computation, pack_for
from ltd_core.engine.pack import Pack
from ltd_core.engine.state import unpack_state
from ltd_core.errors import WrongPack
from ltd_core.spec import RunSpec, parse_spec
from tests.ltd_core.training import small


def direct(seed: int) -> RunSpec:
    return parse_spec({"experiment": "linear_recurrence", "hidden_size": 4, "seed": seed})


def test_a_call_computes_one_run_to_its_end() -> None:
    specs = [direct(seed) for seed in range(3)]
    pack = pack_for(specs[0], 3)
    for lane, spec in zip((2, 0, 1), specs, strict=True):
        pack.load(lane, spec)
    pack.clear(0)
    for lane, spec in ((2, specs[0]), (1, specs[2])):
        ((found, progress),) = pack.advance().items()
        assert found == lane
        assert progress.outcome is not None
        assert (progress.outcome.kind, progress.step) == ("exhausted", spec.steps)
        assert unpack_state(progress.state)[0] == {"digest": spec.digest, "step": spec.steps}
        assert {block.name for block in progress.blocks} == {info.name for info in spec.traces()}
    assert pack.advance() == {}


def test_a_run_is_computed_where_it_belongs() -> None:
    assert isinstance(pack_for(direct(0), 1), Computation)
    assert isinstance(pack_for(small(), 1), Pack)
    with pytest.raises(WrongPack, match="has shape"):
        Computation(direct(0), 1).load(0, small())
