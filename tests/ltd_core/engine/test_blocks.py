from __future__ import annotations

import pytest

from ltd_core.engine.blocks import block_updates, next_boundary
from tests.ltd_core.training import small


def boundaries(block: int, updates: int) -> list[int]:
    found, step = [], 0
    while step < updates:
        step = next_boundary(step, block, updates)
        found.append(step)
    return found


@pytest.mark.parametrize("block", [1, 8, 16, 64, 256, 1024])
@pytest.mark.parametrize("updates", [1, 15, 16, 17, 64, 1000, 3000])
def test_blocks_cover_every_update_once(block: int, updates: int) -> None:
    found = boundaries(block, updates)
    assert found == sorted(set(found))
    assert found[-1] == updates
    assert max(b - a for a, b in zip([0, *found], found, strict=False)) <= block


def test_something_can_be_seen_early() -> None:
    assert boundaries(1024, 3000) == [16, 64, 1024, 2048, 3000]


def test_a_boundary_depends_on_the_step_alone() -> None:
    for step in range(100):
        assert next_boundary(step, 32, 3000) == next(b for b in boundaries(32, 3000) if b > step)


def test_large_runs_have_small_blocks() -> None:
    def large(length: int, hidden_size: int) -> int:
        return block_updates(
            small(problem={"kind": "adding", "length": length}, cell={"kind": "rnn", "hidden_size": hidden_size})
        )

    assert large(20, 8) == 1024
    assert large(20, 8) > large(400, 64) > large(400, 512) >= 1
    for length, size in ((20, 8), (400, 64), (5000, 128)):
        assert large(length, size) & (large(length, size) - 1) == 0
        assert large(length, size) * length <= 2**20
