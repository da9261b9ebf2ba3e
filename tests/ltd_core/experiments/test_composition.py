"""A line through a random map, against a loop over its points."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.experiments.recurrence import draws_of, unit_vector
from ltd_core.spec import parse_spec


def computed(**settings: Any) -> dict[str, np.ndarray[Any, Any]]:
    spec: Any = parse_spec({"experiment": "composition"} | settings)
    return {name: values.numpy() for name, values in spec.compute().traces.items()}


def test_curve_length_and_turning_are_those_of_a_loop() -> None:
    size, points, depth, gain = 9, 17, 4, 2.0
    traces = computed(hidden_size=size, points=points, depth=depth, gain=gain, reach=3.0)
    w = draws_of(0, "map").normal(0, size, size)[0].numpy() * gain / np.sqrt(size)
    line, view = unit_vector(0, "line", size).numpy(), unit_vector(0, "view", size).numpy()
    curve = [u * line for u in np.linspace(-3.0, 3.0, points)]
    for n in range(depth):
        curve = [np.tanh(h @ w) for h in curve]
        np.testing.assert_allclose(traces["curve"][n], [h @ view for h in curve], rtol=1e-10)
        pieces = [b - a for a, b in pairwise(curve)]
        length = sum(np.linalg.norm(p) for p in pieces) / np.sqrt(size)
        np.testing.assert_allclose(traces["curve_length"][n], length, rtol=1e-10)
        angles = [np.arccos(np.clip(p @ q / np.linalg.norm(p) / np.linalg.norm(q), -1, 1)) for p, q in pairwise(pieces)]
        np.testing.assert_allclose(traces["turning"][n], sum(angles), rtol=1e-6)


def test_a_linear_map_keeps_a_line_straight_and_a_chaotic_one_does_not() -> None:
    straight = computed(nonlinearity="identity", gain=1.0)
    wild = computed(gain=3.0, depth=15)
    assert straight["turning"].max() < 1e-9
    assert wild["turning"][-1] > 20 * wild["turning"][0]
    assert wild["crossings"][-1] > 10


def test_a_line_that_falls_into_one_point_does_not_turn() -> None:
    traces = computed(gain=1e-6, depth=20, reach=1e-6)
    assert np.isfinite(np.concatenate([values.ravel() for values in traces.values()])).all()
    assert traces["curve_length"][-1] < 1e-100
    dead = computed(nonlinearity="relu", hidden_size=1, depth=3, seed=1)
    assert np.isfinite(dead["turning"]).all()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"depth": 200, "points": 2000, "hidden_size": 512}, "points"),
        ({"nonlinearity": "relu", "gain": 100.0, "depth": 200}, "gain"),
        ({"gain": 0.01, "depth": 200}, "gain"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        computed(**settings)
    assert [problem.field for problem in refused.value.problems] == [field]
