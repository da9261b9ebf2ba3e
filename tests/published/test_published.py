"""Published results that a small machine can approach; see docs/published.md."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest

from docs.generator.published import endings

pytestmark = pytest.mark.timeout(1800)


def solved_within(found: list[dict[str, Any]], updates: int) -> int:
    """Return how many runs solved their problem in time."""
    return sum(one["updates_to_success"] is not None and one["updates_to_success"] <= updates for one in found)


def test_temporal_order_with_omega_and_clipping() -> None:
    """Pascanu, Mikolov and Bengio 2013, the small case: 100 units, length 20 to 50, clip 1, weight 0.5."""
    assert solved_within(endings("published_temporal_order", {}), 20_000) >= 4


def test_lstm_on_adding() -> None:
    """Hochreiter and Schmidhuber 1997, experiment 4: T = 100 within 74,000 sequences, wrong when off by 0.04."""
    batch_size = 20
    assert solved_within(endings("published_lstm_adding", {"batch_size": batch_size}), 74_000 // batch_size) >= 4


def test_clockwork_on_a_sum_of_sines() -> None:
    """Koutnik et al. 2014: mean squared error 0.1125 with 8 groups of 8 units, and less than a plain net's of 48."""
    clockwork = endings("published_clockwork", {})
    plain = endings("published_clockwork", {"cell": {"kind": "rnn", "hidden_size": 48}})
    assert median(one["final_loss"] for one in clockwork) <= 2 * 0.1125
    assert max(one["final_loss"] for one in clockwork) < min(one["final_loss"] for one in plain)
