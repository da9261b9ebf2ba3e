from __future__ import annotations

from ltd_core.engine import lanes_for
from tests.ltd_core.training import small


def test_narrow_networks_share_a_core_and_wide_ones_do_not() -> None:
    lanes = [lanes_for(small(cell={"kind": "rnn", "hidden_size": size}), "cpu") for size in (8, 50, 128, 512, 1024)]
    assert lanes == sorted(lanes, reverse=True)
    assert lanes[0] >= 8
    assert lanes[-1] == 1
    assert lanes_for(small(), "cuda:0") > lanes[0]
