"""One sweep as one HTML file that opens without a server: words, comparison, curves, gradients through time."""

from __future__ import annotations

import json
import math
import platform
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import render_template

from api.dashboard import bundle, series
from api.dashboard.findings import Ending, findings, words
from api.dashboard.plotly import PLOTLY
from api.http.csp import REPORT_POLICY
from services.comparison.table import compare
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.sweeps import posted
from services.traces import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.database.engine import Database
    from services.runs.queries import RunView
    from services.sweeps.posted import SweepView

COMPARED = (
    *("success", "bias_norm", "bias_cosine", "diverged", "evaluation_error", "updates_to_success"),
    *("gradient_norm_max", "clipped_share", "delta_slope"),
)
MOST_PANELS = 10
MOST_CURVES = 12
CURVE_POINTS = 4000
PICTURE_NUMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Panel:
    """One cell: its curves, and the gradient through time of its median run."""

    title: str
    caption: str
    curves: list[dict[str, Any]]
    picture: dict[str, Any] | None
    updates: int

    def data(self) -> dict[str, Any]:
        """Return what the modules draw."""
        return {"curves": self.curves, "picture": self.picture, "updates": self.updates}


def build(db: Database, sweep_id: str, sides: Mapping[str, Any] | None = None) -> str:
    """Return the report's HTML; `sides` names the fields of its heat maps. Raises NotFound and BadQuestion."""
    sweep = posted.get(db, sweep_id)
    main = compare(db, sweep_id, metric="success")
    compared = [compare(db, sweep_id, metric=metric, **(sides or {})) for metric in COMPARED]
    shown = [c for c in compared if any(cell["n"] for row in c["cells"] for cell in row)] or compared[:1]
    runs = _runs(db, sweep_id)
    ended = {run.id: _ending(run) for run in runs.values() if run.state == "succeeded"}
    column = _telling_column(main)
    trains = sweep.base.get("experiment", "training") == "training"
    rows = range(min(len(main["rows"]["values"]), MOST_PANELS) if trains else 0)
    panels = [_panel(db, main, row, column, runs) for row in rows]
    data = {"comparisons": shown, "panels": [panel.data() for panel in panels]}
    return render_template(
        "dashboard/report.html",
        sweep=sweep,
        posted=_date(sweep.created_at),
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        lead=_lead(sweep),
        trains=trains,
        side_by_side=shown[0]["panels"] is not None,
        findings=findings(main, ended),
        table=_table(main),
        where=f"{words(main['columns']['field'])} {main['columns']['values'][column]['label']}",
        panels=panels,
        reproduce=_command(sweep),
        versions=f"ltd-lab {version('ltd-lab')}, Python {platform.python_version()}",
        policy=REPORT_POLICY,
        style=bundle.read("dashboard.css"),
        modules=bundle.modules(),
        plotly=PLOTLY.read_text(encoding="utf-8"),
        data=json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _runs(db: Database, sweep_id: str) -> dict[str, RunView]:
    found: dict[str, RunView] = {}
    page = list_runs(db, ListQuestion(sweep=sweep_id), limit=1000)
    found.update((run.id, run) for run in page.runs)
    while page.next:
        page = list_runs(db, ListQuestion(sweep=sweep_id), page.next, 1000)
        found.update((run.id, run) for run in page.runs)
    return found


def _ending(run: RunView) -> Ending:
    return Ending(solved=run.summary.get("success") == 1, diverged=run.summary.get("diverged") == 1)


def _telling_column(comparison: dict[str, Any]) -> int:
    """Return the column in which the rows differ most; of several, the one nearest the middle."""
    columns = list(zip(*comparison["cells"], strict=True))

    def spread(j: int) -> float:
        values = [cell["value"] for cell in columns[j] if cell["value"] is not None]
        return max(values) - min(values) if values else -1.0

    middle = (len(columns) - 1) / 2
    return min(range(len(columns)), key=lambda j: (-spread(j), abs(j - middle)))


def _panel(db: Database, comparison: dict[str, Any], row: int, column: int, runs: dict[str, RunView]) -> Panel:
    started = [runs[run_id] for run_id in comparison["cells"][row][column]["runs"] if runs[run_id].step > 0]
    title = f"{words(comparison['rows']['field'])} {comparison['rows']['values'][row]['label']}"
    if not started:
        return Panel(title, "no run has started", [], None, 1)
    ended = [run for run in started if run.state == "succeeded"] or started
    median = sorted(ended, key=_badness)[(len(ended) - 1) // 2]
    known = {entry["name"]: entry for entry in reading.catalog(db, median.id)}
    curves = (
        [series.curve(reading.read(db, run.id, "loss", max_points=CURVE_POINTS)) for run in started[:MOST_CURVES]]
        if "loss" in known
        else []
    )
    picture = None
    for name in known.keys() & series.DELTAS:
        points = max(series.MOST_COLUMNS, PICTURE_NUMBERS // known[name]["size"][0])
        picture = series.picture(reading.read(db, median.id, name, max_points=points))
    return Panel(title, _caption(started, median), curves, picture, max(run.updates for run in started))


def _badness(run: RunView) -> tuple[bool, float, str]:
    error = run.summary.get("evaluation_error")
    return run.summary.get("diverged") == 1, 1.0 if error is None else error, run.id


def _caption(started: list[RunView], median: RunView) -> str:
    endings = [_ending(run) for run in started if run.state == "succeeded"]
    solved, diverged = sum(e.solved for e in endings), sum(e.diverged for e in endings)
    others = Counter(run.state for run in started if run.state != "succeeded") | Counter(diverged=diverged)
    parts = [f"{solved} of {len(endings)} runs solved the problem", *(f"{k} {why}" for why, k in others.items() if k)]
    slope = median.summary.get("delta_slope")
    change = (
        ""
        if slope is None
        else f", whose gradient changes by a factor of {math.exp(slope):.3f} per step back in time (mean over training)"
    )
    return f"{', '.join(parts)}. The picture is of seed {median.spec.seed}{change}."


def _lead(sweep: SweepView) -> str:
    axes = {name: values for name, values in sweep.axes.items() if name != "seed"}
    sizes = " × ".join(f"{len(values)} of {words(name)}" for name, values in axes.items()) or "one specification"
    problem = words(str(sweep.base.get("problem", {}).get("kind", "one problem")))
    seeds = f"{len(sweep.seeds)} seed{'s' if len(sweep.seeds) != 1 else ''}"
    all_ended = set(sweep.states) == {"succeeded"}
    ended = "all have ended" if all_ended else ", ".join(f"{k} {state}" for state, k in sweep.states.items())
    return f"{sweep.runs} runs on {problem}: {sizes}, {seeds}; {ended}."


def _table(comparison: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"name": value["label"], "cells": [_cell(cell) for cell in cells]}
        for value, cells in zip(comparison["rows"]["values"], comparison["cells"], strict=True)
    ]
    corner = f"{words(comparison['rows']['field'])} \\ {words(comparison['columns']['field'])}"
    return {"corner": corner, "columns": [value["label"] for value in comparison["columns"]["values"]], "rows": rows}


def _cell(cell: dict[str, Any]) -> dict[str, str]:
    if cell["value"] is None:
        return {"value": "–", "note": f"n = 0 of {len(cell['runs'])}"}
    of = f" of {len(cell['runs'])}" if cell["missing"] else ""
    return {
        "value": _percent(cell["value"]),
        "note": f"{_percent(cell['low'])} to {_percent(cell['high'])}, n = {cell['n']}{of}",
    }


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _command(sweep: SweepView) -> str:
    parts: dict[str, Any] = {"name": sweep.name, "base": sweep.base, "axes": sweep.axes}
    parts |= {} if "seed" in sweep.axes else {"seeds": sweep.seeds}
    body = ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in parts.items())
    quoted = f"{{\n{body}\n}}".replace("'", "'\\''")
    return f"curl http://127.0.0.1:8421/api/v1/sweeps -H 'Content-Type: application/json' -d '{quoted}'"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
