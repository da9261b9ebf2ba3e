from __future__ import annotations

import numpy as np
import pytest

from ltd_core.lazy import torch
from ltd_core.probes.clipped_cosine import cosine
from tests.ltd_core.oracle import by_engine, check, run_of

ASKED = {"observation": {"clipping": True}}
ROUNDING = 1e-15


def test_every_update_is_torchs() -> None:
    check("clipped_cosine", **ASKED)


def test_the_norm_keeps_the_direction_and_the_elements_do_not() -> None:
    by_norm = by_engine(run_of(clipping={"kind": "norm", "threshold": 0.01}, **ASKED)).array("clipped_cosine")
    by_value = by_engine(run_of(clipping={"kind": "value", "threshold": 0.002}, **ASKED)).array("clipped_cosine")
    assert np.abs(by_norm - 1).max() < ROUNDING
    assert (by_value < 1 - 1e-3).all()
    assert (by_value > 0).all()


def test_a_random_step_has_any_direction() -> None:
    found = by_engine(run_of(clipping={"kind": "random", "threshold": 0.001}, **ASKED)).array("clipped_cosine")
    assert found.min() < 0 < found.max()


def test_it_is_traced_when_asked_for_alone() -> None:
    assert "clipped_cosine" not in {info.name for info in run_of().traces()}
    assert run_of(observation={"clipping": False}).digest == run_of().digest


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_any_size_has_a_direction(scale: float) -> None:
    first = torch.tensor([[3.0, 4.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]) * scale
    second = torch.tensor([[6.0, 8.0], [0.0, 2.0], [-1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(cosine(first, second).numpy(), [1, 0, -1, np.nan], rtol=ROUNDING, atol=ROUNDING)


def test_neighbors_change_nothing() -> None:
    rows = torch.linspace(-1, 1, 5 * 1001).view(5, 1001)
    together = cosine(rows, rows.sin())
    assert all(torch.equal(cosine(rows[i : i + 1], rows[i : i + 1].sin())[0], together[i]) for i in range(5))
