"""The specification of the bias experiment: what is refused, and where along a run it measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import for_experiments, weights
from ltd_core.engine.layout import Layout
from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from tests.ltd_core.training import alone

BASE: dict[str, Any] = {
    "experiment": "clipping_bias",
    "problem": {"kind": "temporal_order", "length": 12},
    "cell": {"kind": "rnn", "hidden_size": 6},
    "examples": 64,
}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"batch_sizes": [3]}, "batch_sizes"),
        ({"unit": "quantile", "thresholds": [2.0]}, "thresholds"),
        ({"thresholds": [1.0, -1.0]}, "thresholds[1]"),
        ({"cell": {"kind": "rnn", "delays": [50]}}, "cell.delays"),
    ],
)
def test_what_cannot_be_measured_is_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_spec(BASE | settings)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_it_measures_the_weights_of_the_training_run() -> None:
    spec: Any = parse_spec(BASE | {"after": [0, 7, 30], "clipping": {"kind": "norm", "threshold": 0.1}})
    rows = spec._rows(for_experiments)
    layout = Layout(spec.training(1))
    np.testing.assert_array_equal(rows[0].numpy(), layout.initial(spec.training(1)).float().numpy())
    for row, updates in zip(rows[1:], (7, 30), strict=True):
        kept = weights(alone(spec.training(updates))[-1].state)
        np.testing.assert_array_equal(row.numpy(), np.concatenate([kept[n].ravel() for n in layout.shapes]))
