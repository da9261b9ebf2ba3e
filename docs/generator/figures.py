"""The figures of docs/mechanisms: each from the example that the page names, beside variants of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from docs.generator.bias import bias
from docs.generator.consequences import consequences
from docs.generator.drawing import COLORS, Changes, by_evaluation, by_lag, by_trace, by_unit, traces_of
from docs.generator.picture import draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


_STILL = 0.01
"""Nats per step of neither growth nor fall, as in the experiment."""


def by_component() -> go.Figure:
    """Draw the norm of a linear recurrence's state above the components that it is made of."""
    traces, figure = traces_of("m01_linear_recurrence", {}), go.Figure()
    values = np.hypot(*np.moveaxis(traces["eigenvalues"][1][0], -1, 0))
    for component, modulus in zip(traces["state_component"][1].T, values, strict=True):
        color = COLORS[1] if modulus > 1 else COLORS[0]
        figure.add_scatter(y=component, mode="lines", line={"color": color, "width": 1}, showlegend=False)
    line = {"color": "#111111", "width": 3}
    figure.add_scatter(y=traces["state_norm"][1], mode="lines", line=line, name="norm of the state")
    figure.update_yaxes(type="log", title="size", exponentformat="power", range=[-12, 2])
    figure.update_xaxes(title="time step")
    return figure


def bands() -> go.Figure:
    """Draw the logarithm of a product of random weights: median and middle half, three choices of the variance."""
    figure = go.Figure()
    variants = {"v = 1": {}, "v = 3.56, chosen for no drift": {"choose": "depth"}, "v = 6": {"variance": 6.0}}
    for (name, changes), color in zip(variants.items(), COLORS, strict=False):
        values = traces_of("m04_weight_product", changes)["log_size_quantile"][1]
        low, middle, high = values[:, 1], values[:, 2], values[:, 3]
        figure.add_scatter(y=low, mode="lines", line={"width": 0}, showlegend=False)
        figure.add_scatter(
            y=high, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=f"{color}33", showlegend=False
        )
        figure.add_scatter(y=middle, mode="lines", line={"color": color, "width": 2}, name=name)
    figure.update_yaxes(title="ln of the product's size: median, middle half")
    figure.update_xaxes(title="layers")
    return figure


def curves() -> go.Figure:
    """Draw what becomes of a line after some compositions."""
    values, figure = traces_of("m05_composition", {})["curve"][1], go.Figure()
    for depth, color in zip((1, 2, 4, 8), COLORS, strict=False):
        figure.add_scatter(
            y=values[depth - 1], mode="lines", line={"color": color, "width": 1.5}, name=f"after {depth} compositions"
        )
    figure.update_xaxes(title="place on the line")
    figure.update_yaxes(title="state along one direction")
    return figure


def cliff() -> go.Figure:
    """Draw the shares of vanishing and exploding gradients by spectral radius, and the descent over the cliff."""
    figure = make_subplots(cols=2)
    radii = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 2.0)
    rates = [traces_of("m06_gradient_census", {"radius": radius})["gradient_rate"][1] for radius in radii]
    for name, share, color in (
        ("vanishing", [float((r < -_STILL).mean()) for r in rates], COLORS[0]),
        ("exploding", [float((r > _STILL).mean()) for r in rates], COLORS[1]),
    ):
        figure.add_scatter(x=radii, y=share, name=name, mode="lines+markers", line={"color": color}, row=1, col=1)
    found = traces_of("m06_loss_cliff", {})
    places = np.linspace(4.0, 6.5, 200), np.linspace(-3.2, -2.0, 200)
    surface = found["loss_surface"][1]
    figure.add_heatmap(x=places[1], y=places[0], z=surface, colorscale="Greys", showscale=False, row=1, col=2)
    for name, color in (("plain", COLORS[1]), ("clipped", COLORS[2])):
        path = found[f"path_{name}"][1][0]
        line = {"color": color, "width": 2}
        figure.add_scatter(
            x=path[:, 1], y=path[:, 0], name=f"{name} descent", mode="lines+markers", line=line, row=1, col=2
        )
    figure.update_xaxes(title="spectral radius", row=1, col=1)
    figure.update_yaxes(title="share of 300 random tanh nets", row=1, col=1)
    figure.update_xaxes(title="bias", range=[-3.2, -2.0], row=1, col=2)
    figure.update_yaxes(title="weight", range=[4.0, 6.5], row=1, col=2)
    return figure


def rules() -> go.Figure:
    """Draw how many of ten runs solve the problem by rule and threshold."""
    figure = go.Figure()
    for (kind, name), color in zip(_RULES.items(), COLORS, strict=False):
        thresholds = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
        solved = [
            sum(
                bool((traces_of("m14_norm_clipping", changes | {"seed": seed})["evaluation_error"][1] < _SOLVED).any())
                for seed in range(10)
            )
            for changes in ({"clipping": {"kind": kind, "threshold": threshold}} for threshold in thresholds)
        ]
        figure.add_scatter(x=thresholds, y=solved, name=name, mode="lines+markers", line={"color": color, "width": 2})
    figure.update_xaxes(type="log", title="threshold", tickvals=thresholds)
    figure.update_yaxes(title="runs of ten that solve temporal order", range=[-0.3, 10.3])
    return figure


_RULES = {"norm": "norm", "value": "elements", "layer_norm": "norm, each layer by itself", "random": "random step"}
_SOLVED = 0.01


def language() -> go.Figure:
    """Draw the loss on held-out text by amount and by redundancy, two seeds each, cells of about as many weights."""
    cells = {
        "LSTM, 64 units": {},
        "plain, 130 units": _PLAIN,
        "plain, Omega 0.1": _PLAIN | {"regularizer": {"kind": "omega", "weight": 0.1}},
    }
    axes = {
        "problem.amount": ((0.03, 0.1, 0.3, 1.0), "share of the text"),
        "problem.redundancy": ((1, 4, 16, 64), "redundancy"),
    }
    figure = make_subplots(cols=2, shared_yaxes=True)
    for column, (field, (values, title)) in enumerate(axes.items(), 1):
        for (name, changes), color in zip(cells.items(), COLORS, strict=False):
            losses = [_last_loss(changes | {field: value}) for value in values]
            line = {"color": color, "width": 2}
            figure.add_scatter(
                x=values,
                y=losses,
                name=name,
                mode="lines+markers",
                line=line,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        figure.update_xaxes(type="log", title=title, tickvals=values, row=1, col=column)
    figure.update_yaxes(title="nats a character, held out", row=1, col=1)
    return figure


def _last_loss(changes: Changes) -> float:
    """Return the lowest loss on held-out text, the mean of two seeds."""
    runs = [traces_of("m20_language", changes | {"seed": seed})["evaluation_loss"][1] for seed in range(2)]
    return float(np.mean([values.min() for values in runs]))


_PLAIN: Changes = {
    "cell": {"kind": "rnn", "hidden_size": 130},
    "initialization": {"kind": "spectral", "radius": 0.95},
}
_SPECTRAL = "initialization"
_DELTA, _MEMORY = "|δ at this lag| over |δ at the last step|", "|∂h at T / ∂h at this lag|, over lag 0"


def _radius(radius: float) -> Changes:
    return {_SPECTRAL: {"kind": "spectral", "radius": radius}}


FIGURES: dict[str, Callable[[], go.Figure]] = {
    "linear-recurrence": by_component,
    "linear-gradient": lambda: by_trace(
        "m02_linear_gradient",
        {
            "non-normal, radius 0.8": {},
            "symmetric, radius 0.8": {"form": "symmetric"},
            "orthogonal": {"form": "orthogonal"},
        },
        "gradient_norm_back",
        ("steps back in time", "norm of the gradient"),
    ),
    "nonlinearity": lambda: by_trace(
        "m03_nonlinear_recurrence",
        {
            "tanh": {},
            "relu": {"nonlinearity": "relu"},
            "relu, radius 2.2": {"nonlinearity": "relu"} | _radius(2.2),
            "identity": {"nonlinearity": "identity"},
        },
        "state_largest",
        ("time step", "largest |h|"),
    ),
    "depth": bands,
    "composition": curves,
    "how-often": cliff,
    "language": language,
    "rules": rules,
    "clipping-bias": bias,
    "skip-connections": lambda: by_lag(
        "m07_skip_connections",
        {
            "delay 1 alone, radius 0.9": {"cell.delays": [1]} | _radius(0.9),
            "delays 1 and 5, radius 0.45 each": _radius(0.45),
            "delays 1 and 15, radius 0.45 each": {"cell.delays": [1, 15]} | _radius(0.45),
            "delays 1 and 5, radius 0.9 each": _radius(0.9),
            "delays 1 and 5, radius 1.2 each": _radius(1.2),
        },
        "delta_log_norm",
        _DELTA,
    ),
    "removed-connections": lambda: by_lag(
        "m08_removed_connections",
        {
            "delay 1": {"cell.delays": [1]},
            "delay 3": {"cell.delays": [3]},
            "delay 5": {},
            "delay 15": {"cell.delays": [15]},
        },
        "memory_curve",
        _MEMORY,
    ),
    "leaky-units": lambda: by_lag(
        "m09_leaky_units",
        {
            f"alpha {alpha:g}": {"cell.time_scale": {"kind": "constant", "alpha": alpha}} | _radius(0.5)
            for alpha in (0.0, 0.5, 0.9, 0.99)
        },
        "delta_log_norm",
        _DELTA,
    ),
    "leaky-against-skip": lambda: by_lag(
        "m10_leaky_against_skip",
        {f"alpha {alpha:g}": {"cell.time_scale.alpha": alpha} for alpha in (0.6, 0.8, 0.9)}
        | {
            f"delays 1 and {d}": {"cell.time_scale": {"kind": "none"}, "cell.delays": [1, d]} | _radius(0.3)
            for d in (3, 8, 20)
        },
        "memory_curve",
        _MEMORY,
    ),
    "time-constants": lambda: by_unit("m11_learned_time_constants", "time_constant", "time constant, steps", 4),
    "groups": lambda: by_lag(
        "m12_groups_of_time_scales",
        {
            "alpha 0, 0.5, 0.9 and 0.98 by group": {},
            "no time scales": {"cell.time_scale": {"kind": "none"}},
            "state periods 1, 2, 4 and 8": {"cell.time_scale": {"kind": "none"}, "cell.state_periods": [1, 2, 4, 8]},
        },
        "memory_curve",
        _MEMORY,
    ),
    "gates": lambda: by_lag(
        "m18_gates",
        {
            "LSTM, chrono": {"updates": 250},
            "LSTM, forget bias 1": {"cell.chrono": 0, "updates": 250},
            "GRU": {"cell": {"kind": "gru", "hidden_size": 32}, "updates": 250},
            "minimal gated": {"cell": {"kind": "mgu", "hidden_size": 32}, "updates": 250},
            "plain": {"cell": {"kind": "rnn", "hidden_size": 32}, "updates": 250} | _radius(0.95),
            "plain, kept orthogonal": {
                "cell": {"kind": "rnn", "hidden_size": 32, "constraint": "orthogonal"},
                "updates": 250,
            },
        },
        "memory_curve",
        _MEMORY,
    ),
    "clipping-consequences": consequences,
    "omega": lambda: by_evaluation(
        "m19_omega", {"clipping and Omega": {}, "clipping alone": {"regularizer": {"kind": "none"}}}, seeds=5
    ),
}


def draw_all(docs: Path, only: str) -> None:
    """Draw every figure, or one."""
    for name, made in FIGURES.items():
        if only in {"", name}:
            draw(made(), docs / "images" / f"{name}.png")
