"""The figure of M17 comes from a sweep that the services ran; here a smaller one."""

from __future__ import annotations

from typing import Any

import numpy as np

from docs.generator.bias import SWEEP, drawn, tables
from docs.generator.drawing import example

AXES = {"rule": ["norm", "value"], "thresholds": [[0.1], [1]], "batch_sizes": [[1], [16]]}
SIZE = 2


def test_the_figure_shows_what_the_services_compared() -> None:
    request = example(SWEEP)
    request["base"] |= {"after": [100], "examples": 64}
    found = tables(request | {"axes": AXES, "seeds": [0, 1, 2]})
    values = np.array([values_of(table) for table in found["bias_norm"]["panels"]["cells"]])
    assert values.shape == (SIZE, SIZE, SIZE)
    assert (values[:, :, 1] < values[:, :, 0]).all()  # a larger batch
    heatmaps = drawn(found).data
    assert len(heatmaps) == len(found) * len(AXES["rule"])
    np.testing.assert_array_equal(np.array(heatmaps[SIZE].z), values_of(found["bias_cosine"]["panels"]["cells"][0]))
    assert [list(heatmaps[0].y), list(heatmaps[0].x)] == [["0.1", "1"], ["1", "16"]]


def values_of(table: list[list[dict[str, Any]]]) -> list[list[float]]:
    """Return the values of cells."""
    return [[cell["value"] for cell in row] for row in table]
