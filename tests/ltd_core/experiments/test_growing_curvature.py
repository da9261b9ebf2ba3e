"""Steps to a tolerance against a plain loop, and against what theory says of their growth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec


def curvature(**settings: Any) -> Any:
    return parse_spec({"experiment": "growing_curvature"} | settings)


def steps(spec: Any, start: float, lr: float, limit: float) -> float:
    """Count the steps of one descent, one after the other."""
    x = [start] * len(spec.scales)
    for count in range(spec.most_steps + 1):
        g = [s * (v**3 if spec.function == "quartic" else math.sinh(v)) for s, v in zip(spec.scales, x, strict=True)]
        norm = math.sqrt(sum(v * v for v in g))
        if norm <= spec.tolerance:
            return count
        if not norm < 1e9 * (1 + max(spec.starts)) and limit == math.inf:
            return math.nan
        share = min(1.0, limit / norm)
        x = [v - lr * share * slope for v, slope in zip(x, g, strict=True)]
        if max(map(abs, x)) > 700:
            return math.nan
    return math.nan


@pytest.mark.parametrize(("function", "scales"), [("quartic", [1.0]), ("cosh", [1.0, 0.3])])
def test_counts_are_those_of_a_plain_loop(function: str, scales: list[float]) -> None:
    settings = {"function": function, "scales": scales, "starts": [0.5, 3.0], "rates": [0.01, 0.1, 0.5]}
    spec = curvature(**settings, thresholds=[0.5, 5.0], most_steps=3000)
    traces = {name: values.numpy() for name, values in spec.compute().traces.items()}
    for i, start in enumerate(spec.starts):
        for k, lr in enumerate(spec.rates):
            np.testing.assert_array_equal(traces["plain_steps"][i, k], steps(spec, start, lr, math.inf))
            for j, limit in enumerate(spec.thresholds):
                np.testing.assert_array_equal(traces["clipped_steps"][i, j, k], steps(spec, start, lr, limit))
        np.testing.assert_array_equal(traces["best_plain_steps"][i], np.nanmin(traces["plain_steps"][i]))


def test_a_parabola_like_bottom_needs_the_steps_of_its_closed_form() -> None:
    """Near 0 cosh(x) - 1 is x^2 / 2: |g| shrinks by 1 - lr a step."""
    spec = curvature(starts=[1e-3], tolerance=1e-6, rates=[0.1], thresholds=[1.0])
    expected = math.ceil(math.log(1e-3) / math.log(0.9))
    assert spec.compute().traces["plain_steps"].numpy().tolist() == [[expected]]


def test_without_clipping_steps_grow_with_the_start_and_with_it_hardly() -> None:
    found = curvature().compute()
    plain, clipped = (found.traces[f"best_{kind}_steps"].numpy() for kind in ("plain", "clipped"))
    assert plain[-1] > 20 * plain[1]  # the curvature there is cosh(8) / cosh(2) = 400 times as large
    assert clipped[-1] <= 5 * clipped[1]
    assert found.summary["clipping_speedup"] == plain[-1] / clipped[-1] > 20
    largest = [
        np.nanmax(np.where(np.isfinite(row), curvature().rates, np.nan)) for row in found.traces["plain_steps"].numpy()
    ]
    assert largest == sorted(largest, reverse=True)  # the largest step that does not diverge falls with the start


def test_too_much_to_compute_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="most_steps"):
        curvature(most_steps=1_000_000)
