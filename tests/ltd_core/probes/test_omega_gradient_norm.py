"""The norm of what the regularizer adds: the difference that it makes to one plain step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from tests.ltd_core.oracle import run_of
from tests.ltd_core.training import alone


@pytest.mark.parametrize("decay", ["none", "inverse"])
def test_it_is_the_length_of_the_added_step(decay: str) -> None:
    lr, weight = 0.01, 0.7
    common: dict[str, Any] = {"clipping": {"kind": "none"}, "optimizer": {"kind": "sgd", "lr": lr}, "updates": 1}
    with_it = run_of(regularizer={"kind": "omega", "weight": weight, "decay": decay}, **common)
    (one,), (other,) = alone(with_it), alone(run_of(**common))
    (norm,) = [block.values[0] for block in one.blocks if block.name == "omega_gradient_norm"]
    moved, plain = weights(one.state), weights(other.state)
    np.testing.assert_allclose(np.linalg.norm(moved["W"] - plain["W"]), lr * norm, rtol=1e-8)
    for name in ("U", "b", "V", "c"):  # with delta constant, it moves W alone
        np.testing.assert_array_equal(moved[name], plain[name])
