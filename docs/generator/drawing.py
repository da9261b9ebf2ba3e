"""Drawing traces of example runs: by lag, by update, by unit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from ltd_core.engine import pack_for
from ltd_core.spec import parse_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

Points = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
Changes = dict[str, Any]
COLORS = ("#2f4bdb", "#d1495b", "#2a9d8f", "#e9a23b", "#6c4a9e", "#555555")


def example(name: str) -> dict[str, Any]:
    """Return a specification of docs/examples."""
    found: dict[str, Any] = json.loads((Path(__file__).parents[1] / "examples" / f"{name}.json").read_text("utf-8"))
    return found


def traces_of(name: str, changes: Changes) -> dict[str, Points]:
    """Run an example with some fields changed, by their dotted names; return steps and values of every trace."""
    spec = example(name)
    for field, value in changes.items():
        *parents, last = field.split(".")
        holder = spec
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[last] = value
    parsed = parse_spec(spec)
    pack = pack_for(parsed, 1)
    pack.load(0, parsed)
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


def by_lag(run: str, variants: Mapping[str, Changes], trace: str, title: str, *, most: int = 100) -> go.Figure:
    """Draw the median of a trace [step, lag] over its first points, in the logarithm, for each variant."""
    figure = go.Figure()
    for (name, changes), color in zip(variants.items(), COLORS, strict=False):
        values = traces_of(run, changes)[trace][1][:most]
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.exp(values - values[:, :1]) if trace == "delta_log_norm" else values / values[:, :1]
            middle = np.nanmedian(shares, axis=0)
        middle[middle <= 0] = np.nan
        figure.add_scatter(y=middle, name=name, mode="lines", line={"color": color, "width": 2}, connectgaps=True)
    figure.update_yaxes(type="log", title=title, exponentformat="power")
    figure.update_xaxes(title="steps back in time")
    return figure


def by_evaluation(run: str, variants: Mapping[str, Changes], seeds: int) -> go.Figure:
    """Draw the error on fresh sequences, a thin line a seed; a run that solves the problem ends there."""
    figure = go.Figure()
    for (name, changes), color in zip(variants.items(), COLORS, strict=False):
        for seed in range(seeds):
            steps, errors = traces_of(run, changes | {"seed": seed})["evaluation_error"]
            line = {"color": color, "width": 1.5}
            figure.add_scatter(x=steps, y=errors, name=name, mode="lines+markers", line=line, showlegend=seed == 0)
    figure.update_yaxes(title="error on fresh sequences", tickformat=".0%")
    figure.update_xaxes(title="update")
    return figure


def by_unit(run: str, trace: str, title: str, groups: int) -> go.Figure:
    """Draw a trace [step, unit], a line a unit, colored by group."""
    figure = go.Figure()
    steps, values = traces_of(run, {})[trace]
    units = values.shape[1]
    for unit in range(units):
        color = COLORS[unit * groups // units]
        line = {"color": color, "width": 1}
        figure.add_scatter(x=steps, y=values[:, unit], mode="lines", line=line, showlegend=False)
    figure.update_yaxes(type="log", title=title, exponentformat="power")
    figure.update_xaxes(title="update")
    return figure


def by_trace(
    run: str, variants: Mapping[str, Changes], trace: str, titles: tuple[str, str], *, log: bool = True
) -> go.Figure:
    """Draw a trace [step] as it is, for each variant."""
    figure = go.Figure()
    for (name, changes), color in zip(variants.items(), COLORS, strict=False):
        steps, values = traces_of(run, changes)[trace]
        figure.add_scatter(x=steps, y=values, name=name, mode="lines", line={"color": color, "width": 2})
    figure.update_yaxes(type="log" if log else "linear", title=titles[1], exponentformat="power")
    figure.update_xaxes(title=titles[0])
    return figure
