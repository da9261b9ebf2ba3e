from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ltd_core.time_scales.harness import check_computing, check_constant, check_refused, check_training, started

SCALES: list[dict[str, Any]] = [{"kind": "constant", "alpha": alpha} for alpha in (0.7, 0, [0.2, 0.9, 1], [0.5])]


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (0.3, [0.3] * 7),
        ([0.3], [0.3] * 7),
        ([0, 1], [0.0] * 4 + [1.0] * 3),
        ([0.1, 0.2, 0.3], [0.1] * 3 + [0.2] * 2 + [0.3] * 2),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
    ],
)
def test_groups_are_equal_parts_as_far_as_they_divide(alpha: object, expected: list[float]) -> None:
    assert started({"kind": "constant", "alpha": alpha}).tolist() == expected


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_it_computes_what_the_slow_loop_does(scale: dict[str, Any]) -> None:
    check_computing(scale)


@pytest.mark.parametrize("scale", SCALES[::2], ids=str)
def test_a_run_is_the_slow_loops(scale: dict[str, Any]) -> None:
    check_training(scale)


def test_training_moves_no_alpha() -> None:
    check_constant({"kind": "constant", "alpha": [0.1, 0.9]})


@pytest.mark.parametrize("alpha", [-0.1, 1.1, "long", None, True, [0.5, 1.2], [], [0.5] * 65, [[0.5]]])
def test_anything_but_shares_is_refused(alpha: object) -> None:
    check_refused({"kind": "constant", "alpha": alpha}, "cell.time_scale.alpha", size=100)


def test_more_groups_than_units_are_refused() -> None:
    check_refused({"kind": "constant", "alpha": list(np.linspace(0, 1, 8))}, "cell")
