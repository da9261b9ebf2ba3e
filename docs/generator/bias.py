"""The figure of M17: the bias of clipping by rule, threshold and batch size, from one posted sweep."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from docs.generator.drawing import example
from docs.generator.sweeps import finished
from services.comparison.table import compare

SWEEP = "sweeps/m17_bias"
_METRICS = {"bias_norm": "|bias|", "bias_cosine": "cosine with the true gradient"}
_NAMES = {"norm": "norm of the minibatch", "value": "elements of the minibatch", "example_norm": "norm of each example"}
_LEAST = 1e-3
"""A bias below this is drawn as this: where nothing is clipped it is nothing but rounding."""


def bias() -> go.Figure:
    """Draw medians over seeds, a table a rule: the norm of the bias above, the cosine with the true gradient below."""
    return drawn(tables(example(SWEEP)))


def tables(request: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the comparison of a sweep by metric: panels are rules, rows thresholds, columns batch sizes."""
    with finished(request) as (db, sweep):
        return {
            metric: compare(db, sweep, rows="thresholds", columns="batch_sizes", panels="rule", metric=metric)
            for metric in _METRICS
        }


def drawn(found: dict[str, dict[str, Any]]) -> go.Figure:
    """Draw such comparisons."""
    rules = [_NAMES[value["label"]] for value in found["bias_norm"]["panels"]["values"]]
    figure = make_subplots(
        rows=2,
        cols=len(rules),
        shared_xaxes=True,
        shared_yaxes=True,
        column_titles=rules,
        horizontal_spacing=0.02,
        vertical_spacing=0.05,
    )
    for row, (metric, comparison) in enumerate(found.items(), 1):
        sides = [[value["label"] for value in comparison[side]["values"]] for side in ("columns", "rows")]
        for column, cells in enumerate(comparison["panels"]["cells"], 1):
            values = [[cell["value"] for cell in line] for line in cells]
            shown = [[_place(metric, value) for value in line] for line in values]
            figure.add_heatmap(
                x=sides[0],
                y=sides[1],
                z=shown,
                text=[[_text(value) for value in line] for line in values],
                texttemplate="%{text}",
                coloraxis=f"coloraxis{row}",
                row=row,
                col=column,
            )
        figure.update_yaxes(title="threshold", type="category", row=row, col=1)
    figure.update_xaxes(type="category")
    figure.update_xaxes(title="batch size", row=2)
    bars = {"thickness": 12, "len": 0.46}
    decades = [-3, -2, -1, 0]
    figure.update_layout(
        coloraxis1={
            "colorscale": "Viridis_r",
            "colorbar": bars
            | {
                "title": _METRICS["bias_norm"],
                "y": 0.77,
                "tickvals": decades,
                "ticktext": [f"{10.0**k:g}" for k in decades],
            },
        },
        coloraxis2={"colorscale": "Viridis", "colorbar": bars | {"title": "cosine", "y": 0.23}},
    )
    return figure


def _place(metric: str, value: float) -> float:
    return math.log10(max(value, _LEAST)) if metric == "bias_norm" else value


def _text(value: float) -> str:
    return "0" if abs(value) < _LEAST else f"{value:.2g}"
