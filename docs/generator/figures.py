"""The figures of docs/mechanisms: each from the example that the page names, beside variants of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from docs.generator.picture import draw
from ltd_core.engine import pack_for
from ltd_core.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Points = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
Changes = dict[str, Any]
COLORS = ("#2f4bdb", "#d1495b", "#2a9d8f", "#e9a23b", "#6c4a9e", "#555555")


def traces_of(example: str, changes: Changes) -> dict[str, Points]:
    """Run an example with some fields changed, by their dotted names; return steps and values of every trace."""
    spec = json.loads((Path(__file__).parents[1] / "examples" / f"{example}.json").read_text(encoding="utf-8"))
    for name, value in changes.items():
        *parents, last = name.split(".")
        holder = spec
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[last] = value
    run = parse_spec(spec)
    pack = pack_for(run, 1)
    pack.load(0, run)
    blocks: dict[str, list[Any]] = {}
    while progress := pack.advance():
        for block in progress[0].blocks:
            blocks.setdefault(block.name, []).append(block)
    return {
        name: (
            np.concatenate([b.first_step + b.every * np.arange(len(b.values)) for b in parts]),
            np.concatenate([b.values for b in parts]),
        )
        for name, parts in blocks.items()
    }


def by_lag(example: str, variants: Mapping[str, Changes], trace: str, title: str, *, most: int = 100) -> go.Figure:
    """Draw the median of a trace [step, lag] over its first points, in the logarithm, for each variant."""
    figure = go.Figure()
    for (name, changes), color in zip(variants.items(), COLORS, strict=False):
        values = traces_of(example, changes)[trace][1][:most]
        with np.errstate(invalid="ignore", divide="ignore"):
            middle = np.nanmedian(values / values[:, :1], axis=0)
        middle[middle <= 0] = np.nan
        figure.add_scatter(y=middle, name=name, mode="lines", line={"color": color, "width": 2}, connectgaps=True)
    figure.update_yaxes(type="log", title=title, exponentformat="power")
    figure.update_xaxes(title="steps back in time")
    return figure


def by_evaluation(example: str, variants: Mapping[str, Changes], seeds: int) -> go.Figure:
    """Draw the error on fresh sequences, a thin line a seed; a run that solves the problem ends there."""
    figure = go.Figure()
    for (name, changes), color in zip(variants.items(), COLORS, strict=False):
        for seed in range(seeds):
            steps, errors = traces_of(example, changes | {"seed": seed})["evaluation_error"]
            line = {"color": color, "width": 1.5}
            figure.add_scatter(x=steps, y=errors, name=name, mode="lines+markers", line=line, showlegend=seed == 0)
    figure.update_yaxes(title="error on fresh sequences", tickformat=".0%")
    figure.update_xaxes(title="update")
    return figure


def by_unit(example: str, trace: str, title: str, groups: int) -> go.Figure:
    """Draw a trace [step, unit], a line a unit, colored by group."""
    figure = go.Figure()
    steps, values = traces_of(example, {})[trace]
    units = values.shape[1]
    for unit in range(units):
        color = COLORS[unit * groups // units]
        line = {"color": color, "width": 1}
        figure.add_scatter(x=steps, y=values[:, unit], mode="lines", line=line, showlegend=False)
    figure.update_yaxes(type="log", title=title, exponentformat="power")
    figure.update_xaxes(title="update")
    return figure


_SPECTRAL = "initialization"
_DELTA, _MEMORY = "|δ at this lag| over |δ at the last step|", "|∂h at T / ∂h at this lag|, over lag 0"


def _radius(radius: float) -> Changes:
    return {_SPECTRAL: {"kind": "spectral", "radius": radius}}


FIGURES: dict[str, Callable[[], go.Figure]] = {
    "skip-connections": lambda: by_lag(
        "m07_skip_connections",
        {
            "delay 1 alone, radius 0.9": {"cell.delays": [1]} | _radius(0.9),
            "delays 1 and 5, radius 0.45 each": _radius(0.45),
            "delays 1 and 15, radius 0.45 each": {"cell.delays": [1, 15]} | _radius(0.45),
            "delays 1 and 5, radius 0.9 each": _radius(0.9),
            "delays 1 and 5, radius 1.2 each": _radius(1.2),
        },
        "delta_norm",
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
        "delta_norm",
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
    "omega": lambda: by_evaluation(
        "m19_omega", {"clipping and Omega": {}, "clipping alone": {"regularizer": {"kind": "none"}}}, seeds=5
    ),
}


def draw_all(docs: Path, only: str) -> None:
    """Draw every figure, or one."""
    for name, made in FIGURES.items():
        if only in {"", name}:
            draw(made(), docs / "images" / f"{name}.png")
