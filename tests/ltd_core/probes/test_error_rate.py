from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ltd_core.oracle import both, by_engine, check, run_of


def test_every_update_is_torchs() -> None:
    check("error_rate")


@pytest.mark.parametrize(
    "problem",
    [
        {"kind": "temporal_order", "length": [12, 20]},
        {"kind": "adding", "length": 12, "tolerance": 0.5},
        {"kind": "adding", "length": 12, "tolerance": 0.2, "target": "mean"},
    ],
)
def test_right_and_wrong_answers_are_counted(problem: dict[str, Any]) -> None:
    mine, theirs = both(run_of(problem=problem, batch_size=8))
    rates = mine.array("error_rate")
    assert len(set(rates)) > 3
    assert set(rates * 8) <= set(range(9))
    np.testing.assert_array_equal(rates, theirs.array("error_rate"))


def test_an_untrained_network_guesses() -> None:
    """science.md, identity 13: 75 % of the answers to temporal order are wrong."""
    mine = by_engine(run_of(batch_size=100, optimizer={"kind": "sgd", "lr": 1e-12}))
    assert mine.array("error_rate").mean() == pytest.approx(0.75, abs=0.03)
