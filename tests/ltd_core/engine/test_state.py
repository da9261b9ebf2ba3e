from __future__ import annotations

import numpy as np
import pytest

from ltd_core.engine.state import pack_state, unpack_state, weights
from ltd_core.errors import CorruptState

ARRAYS = {
    "weight.W": np.arange(6, dtype=np.float32).reshape(2, 3),
    "weight.b": np.array([np.nan, -0.0, np.inf]),
    "memory.m": np.zeros((0,), np.float32),
}


def test_what_is_packed_comes_back_to_the_bit() -> None:
    meta, arrays = unpack_state(pack_state({"step": 7, "summary": {"loss": [0.1, None]}}, ARRAYS))
    assert meta == {"step": 7, "summary": {"loss": [0.1, None]}}
    assert {n: (a.dtype, a.shape, a.tobytes()) for n, a in arrays.items()} == {
        n: (a.dtype, a.shape, a.tobytes()) for n, a in ARRAYS.items()
    }
    assert set(weights(pack_state({}, ARRAYS))) == {"W", "b"}


def test_any_changed_or_missing_byte_is_noticed() -> None:
    state = pack_state({"step": 1}, ARRAYS)
    for place in range(len(state)):
        with pytest.raises(CorruptState):
            unpack_state(state[:place] + bytes([state[place] ^ 0x10]) + state[place + 1 :])
        with pytest.raises(CorruptState):
            unpack_state(state[:place])
