from __future__ import annotations

import numpy as np
import pytest

from tests.ltd_core.oracle import by_torch, check, run_of
from tests.ltd_core.training import alone


def test_every_update_is_torchs() -> None:
    check("gradient_norm")


@pytest.mark.parametrize("gain", [1e9, 1e14, 1e17])
def test_a_gradient_whose_squares_leave_single_precision_still_has_a_norm(gain: float) -> None:
    """The gradient itself is finite; clipping rescues such a run, so it must not be called diverged."""
    exploding = {
        "problem": {"kind": "adding", "length": 20},
        "initialization": {"kind": "spectral", "radius": 0.9, "output_gain": gain},
        "clipping": {"kind": "norm", "threshold": 1.0},
        "updates": 10,
    }
    (last,) = alone(run_of(dtype="float32", **exploding))
    assert last.outcome is not None
    assert last.outcome.kind == "exhausted"
    (norms,) = [block.values for block in last.blocks if block.name == "gradient_norm"]
    np.testing.assert_allclose(norms, by_torch(run_of(**exploding)).array("gradient_norm"), rtol=1e-4)
