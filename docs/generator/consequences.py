"""The figure of what clipping leads to: where it rests, how fast it arrives, what it leaves."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from docs.generator.drawing import COLORS, example, traces_of
from ltd_core.spec import parse_spec

TITLES = ("rest of clipped SGD, x*", "steps to the tolerance", "share that left the poor minimum")


def consequences() -> go.Figure:
    """Draw the three experiments beside each other."""
    figure = make_subplots(cols=3, horizontal_spacing=0.1)
    _rest(figure)
    _steps(figure)
    _escape(figure)
    for place, title in enumerate(TITLES, start=1):
        figure.update_yaxes(title=title, row=1, col=place)
    return figure


def _rest(figure: go.Figure) -> None:
    """Stationary point by threshold, exact and simulated, for three batch sizes."""
    name = "m17_stationary_point"
    skewed = {"centers": [0.0, 10.0], "shares": [4.0, 1.0]}
    for size, color in zip((1, 4, 16), COLORS, strict=False):
        found = traces_of(name, {**skewed, "batch_size": size})
        thresholds = parse_spec(example(name)).full()["thresholds"]
        line, marks = {"color": color, "width": 2}, {"color": color, "size": 6}
        figure.add_scatter(x=thresholds, y=found["stationary_low"][1], line=line, name=f"B = {size}", row=1, col=1)
        figure.add_scatter(
            x=thresholds, y=found["simulated_mean"][1], mode="markers", marker=marks, showlegend=False, row=1, col=1
        )
    figure.add_hline(y=2.0, line={"color": "#999999", "dash": "dot"}, row=1, col=1)
    figure.update_xaxes(type="log", dtick=1, title="threshold", row=1, col=1)


def _steps(figure: go.Figure) -> None:
    """Fewest steps by start, with and without clipping."""
    found = traces_of("m14_growing_curvature", {})
    starts = parse_spec(example("m14_growing_curvature")).full()["starts"]
    for kind, name, color in (("plain", "no clipping", "#555555"), ("clipped", "norm", COLORS[3])):
        line = {"color": color, "width": 2}
        figure.add_scatter(x=starts, y=found[f"best_{kind}_steps"][1], line=line, name=name, row=1, col=2)
    figure.update_yaxes(type="log", dtick=1, row=1, col=2)
    figure.update_xaxes(title="start", row=1, col=2)


def _escape(figure: go.Figure) -> None:
    """Shares by rule and threshold, with their intervals."""
    found = traces_of("m15_escape", {})
    thresholds = parse_spec(example("m15_escape")).full()["thresholds"]
    share, low, high = (found[f"escaped_{name}"][1] for name in ("share", "low", "high"))
    rules = (("no clipping", "#555555"), ("norm", COLORS[3]), ("random step", COLORS[4]))
    for i, (name, color) in enumerate(rules):
        errors = {"array": np.subtract(high, share)[:, i], "arrayminus": np.subtract(share, low)[:, i], "thickness": 1}
        line, told = {"color": color, "width": 2}, name == "random step"  # the others stand in the legend already
        figure.add_scatter(
            x=thresholds, y=share[:, i], error_y=errors, line=line, name=name, showlegend=told, row=1, col=3
        )
    figure.update_xaxes(type="log", dtick=1, title="threshold", row=1, col=3)
    figure.update_yaxes(tickformat=".0%", row=1, col=3)
