"""The comparison along a numeric field: true values, intervals, a logarithmic axis, at most so many lines."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from services.pictures.metric_lines import MOST_LINES, metric_lines

SUCCESS = {"name": "success", "unit": "share", "better": "higher", "yes_or_no": True}
LOSS = {"name": "final_loss", "unit": "loss", "better": "lower", "yes_or_no": False}


def cell(value: float | str | None, low: float | None = None, high: float | None = None, n: int = 5) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n, "missing": {}, "runs": []}


def side(field: str, *values: Any) -> dict[str, Any]:
    return {"field": field, "values": [{"value": value, "label": str(value)} for value in values]}


def table(**changes: Any) -> dict[str, Any]:
    """Return success over three thresholds, one decade and more apart, at two batch sizes."""
    cells = [
        [cell(0.2, 0.04, 0.62), cell(None, n=0)],
        [cell(0.8, 0.38, 0.96), cell(1.0, 0.57, 1.0)],
        [cell(0.0, 0.0, 0.43), cell(0.6, 0.23, 0.88)],
    ]
    best = {"panel": None, "row": 1, "column": 1}
    return {
        "rows": side("clipping.threshold", 0.01, 0.1, 1.0),
        "columns": side("batch_size", 5, 20),
        "panels": None,
        "metric": SUCCESS,
        "aggregate": "success_rate",
        "cells": cells,
        "best": best,
    } | changes


def drawn(comparison: dict[str, Any]) -> dict[str, Any]:
    figure = metric_lines(comparison)
    assert figure
    return figure


def unpacked(values: dict[str, Any]) -> list[float]:
    return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"])).astype(float).tolist()


def test_each_batch_size_is_a_line_over_the_thresholds_with_its_intervals() -> None:
    figure = drawn(table())
    five, twenty = figure["data"]
    assert (five["name"], twenty["name"]) == ("5", "20")
    assert figure["layout"]["legend"]["title"]["text"] == "batch size"
    assert figure["title"] == "How does the success rate depend on the clipping threshold?"
    assert unpacked(five["x"]) == pytest.approx([0.01, 0.1, 1.0])
    assert unpacked(five["y"]) == pytest.approx([0.2, 0.8, 0.0])
    ups, downs = (unpacked(five["error_y"][part]) for part in ("array", "arrayminus"))
    assert ups == pytest.approx([0.42, 0.16, 0.43], abs=1e-6)
    assert downs == pytest.approx([0.16, 0.42, 0.0], abs=1e-6)
    assert unpacked(twenty["x"]) == pytest.approx([0.1, 1.0]), "a cell without a value is no point"


def test_a_line_keeps_the_digits_of_its_value() -> None:
    figure = drawn(
        table(rows=side("batch_size", 5, 10, 20), columns=side("clipping.threshold", "norm 0.1", "layer_norm 1"))
    )
    assert [trace["name"] for trace in figure["data"]] == ["norm 0.1", "layer norm 1"]
    assert figure["layout"]["legend"]["title"]["text"] == "clipping threshold"


def test_an_axis_of_decades_is_logarithmic_and_a_narrow_one_is_not() -> None:
    assert drawn(table())["layout"]["xaxis"]["type"] == "log"
    narrow = drawn(table(rows=side("clipping.threshold", 1, 2, 4), columns=side("cell", "rnn", "lstm")))
    assert "type" not in narrow["layout"]["xaxis"]


def test_the_caption_tells_the_best_cell_and_the_runs_of_a_point() -> None:
    assert drawn(table())["caption"] == (
        "Best: 100 % at clipping threshold 0.1, batch size 20. A point is over 5 runs, its bar the 95 % interval."
    )


def test_what_has_no_number_is_a_dotted_line_across() -> None:
    panels = side("clipping.kind", "none", "norm") | {
        "cells": [
            [[cell(0.4, 0.1, 0.8)], [cell(None, n=0)], [cell(None, n=0)]],
            [[cell(None, n=0)], [cell(0.6, 0.2, 0.9)], [cell(0.8, 0.4, 1.0)]],
        ]
    }
    figure = drawn(
        table(rows=side("clipping.threshold", None, 0.1, 1), columns=side("seed", 0), panels=panels, best={})
    )
    none, norm = figure["data"]
    assert (none["name"], unpacked(none["y"]), none["line"]["dash"]) == ("none", pytest.approx([0.4, 0.4]), "dot")
    assert unpacked(norm["x"]) == pytest.approx([0.1, 1.0])
    assert "Dotted: no clipping threshold." in figure["caption"]


def test_at_most_so_many_lines_are_drawn_and_the_rest_is_told() -> None:
    many = [[cell(0.5, 0.2, 0.8)] * 2 for _ in range(MOST_LINES + 3)]
    words = side("initialization", *(f"kind {i}" for i in range(MOST_LINES + 3)))
    figure = drawn(table(rows=words, cells=many, best=None))
    assert len(figure["data"]) == MOST_LINES
    assert f"The first {MOST_LINES} of {MOST_LINES + 3} lines are drawn." in figure["caption"]


def test_a_list_of_one_number_is_that_number_and_a_number_names_its_unit() -> None:
    cells = [[cell(0.5), cell(2.0)], [cell("Infinity"), cell(60.0)]]
    lists = side("batch_sizes", [1], [16])
    figure = drawn(
        table(rows=side("rule", "norm", "value"), columns=lists, metric=LOSS, aggregate="median", cells=cells)
    )
    assert figure["layout"]["yaxis"]["title"]["text"] == "median of final loss"
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert [unpacked(line["x"]) for line in figure["data"]] == [[1.0, 16.0], [16.0]]


def test_without_two_numbers_or_any_value_there_is_no_figure() -> None:
    assert metric_lines(table(rows=side("cell", "rnn", "gru", "lstm"), columns=side("flag", True, False))) is None
    assert metric_lines(table(rows=side("seed", 0, 1, 2), columns=side("flag", True, False))) is None
    assert metric_lines(table(cells=[[cell(None, n=0)] * 2] * 3)) is None
