"""The host's side of a lane."""

from __future__ import annotations

from ltd_core.engine.lane import Lane
from ltd_core.randomness import stream_key
from tests.ltd_core.training import small


def test_its_data_is_the_seeds_and_nothing_is_shared_with_other_lanes() -> None:
    first, second = Lane(3, small(seed=7)), Lane(4, small(seed=8))
    assert (first.key, second.key) == (stream_key(7, "data"), stream_key(8, "data"))
    assert (first.step, first.block_start, first.last_state) == (0, 0, b"")
    assert first.clipping.kind == "none"
    first.evaluations.append((1, 0.0, 0.0))
    assert not second.evaluations
    assert first.summary is not second.summary
