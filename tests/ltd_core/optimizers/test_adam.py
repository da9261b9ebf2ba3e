from __future__ import annotations

import pytest

from tests.ltd_core.oracle import check_weights


@pytest.mark.parametrize("decays", [(0.9, 0.999), (0.5, 0.9)])
def test_a_whole_run_is_torchs(decays: tuple[float, float]) -> None:
    first, second = decays
    settings = {"lr": 0.003, "first_decay": first, "second_decay": second, "epsilon": 1e-6}
    check_weights(optimizer={"kind": "adam"} | settings)
