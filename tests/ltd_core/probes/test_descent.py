from __future__ import annotations

import numpy as np

from ltd_core.lazy import torch
from ltd_core.probes import Update
from ltd_core.probes.descent import Descent
from tests.ltd_core.oracle import by_engine, check, run_of

ASKED = {"observation": {"clipping": True}}


def test_every_update_is_torchs() -> None:
    check("descent", **ASKED)


def test_it_follows_the_schedule_of_the_learning_rate() -> None:
    schedule = {"kind": "exponential", "half_life": 10}
    check("descent", optimizer={"kind": "sgd", "lr": 0.05, "schedule": schedule}, **ASKED)


def test_without_clipping_it_is_the_squared_norm() -> None:
    found = by_engine(run_of(clipping={"kind": "none"}, **ASKED))
    np.testing.assert_allclose(found.array("descent"), 0.05 * found.array("gradient_norm") ** 2, rtol=1e-12)


def test_no_gradient_is_no_descent() -> None:
    gradient, nothing = torch.zeros(2, 3), torch.zeros(2)
    update = Update(*[nothing] * 6, gradient, (), nothing, nothing, gradient, torch.ones(2))
    assert Descent.measure(update).tolist() == [0, 0]
