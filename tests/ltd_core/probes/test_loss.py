from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ltd_core.oracle import by_engine, check, run_of

SILENT = {"initialization": {"output_gain": 1e-9}, "optimizer": {"kind": "sgd", "lr": 1e-12}, "batch_size": 100}


def test_every_update_is_torchs() -> None:
    check("loss")


@pytest.mark.parametrize(
    ("problem", "loss", "tolerance"),
    [
        ({"kind": "temporal_order", "length": 12}, np.log(4), 1e-6),
        ({"kind": "adding", "length": 12}, 1 + 1 / 6, 0.06),
        ({"kind": "adding", "length": 12, "target": "mean"}, 1 / 4 + 1 / 24, 0.015),
    ],
)
def test_an_output_of_zero_has_the_known_loss(problem: dict[str, Any], loss: float, tolerance: float) -> None:
    """science.md, identity 13: ln 4; the variance of the target, here with the square of its mean."""
    losses = by_engine(run_of(problem=problem, **SILENT)).array("loss")
    assert losses.mean() == pytest.approx(loss, abs=tolerance)
