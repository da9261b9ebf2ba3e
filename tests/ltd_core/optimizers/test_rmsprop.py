from __future__ import annotations

import pytest

from tests.ltd_core.oracle import check_weights


@pytest.mark.parametrize("decay", [0.9, 0.99])
def test_a_whole_run_is_torchs(decay: float) -> None:
    check_weights(optimizer={"kind": "rmsprop", "lr": 0.003, "decay": decay, "epsilon": 1e-6})
