"""One sweep as one HTML file that opens without a server: words, comparison, and the pictures that REST gives."""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from flask import render_template

from api.dashboard import bundle
from api.dashboard.findings import Ending, findings
from api.http.csp import REPORT_POLICY
from ltd_core.plain_picture import worded
from services.comparison.table import compare
from services.database.engine import Database
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.pictures.cells import groups
from services.pictures.metric_lines import metric_lines
from services.pictures.overlay import MOST_RUNS, Group, curves_of, overlay
from services.pictures.reading import pictures, pictures_of
from services.runs.queries import RunView
from services.sweeps import posted
from services.sweeps.posted import SweepView

COMPARED = (
    *("success", "bias_norm", "bias_cosine", "diverged", "evaluation_error", "updates_to_success"),
    *("gradient_norm_max", "clipped_share", "delta_slope"),
)
MOST_PANELS = 10
MOST_OVERLAYS = 4
CELLS = 300
"""Columns of a picture of one run."""
Figure = dict[str, Any]


def build(db: Database, sweep_id: str, server: str, sides: Mapping[str, Any]) -> str:
    """Return the report's HTML, made at an address; `sides` names the fields of its heat maps.

    Raises NotFound and BadQuestion.
    """
    sweep = posted.get(db, sweep_id)
    main = compare(db, sweep_id, metric="success")
    compared = [compare(db, sweep_id, metric=metric, **sides) for metric in COMPARED]
    shown = [c for c in compared if any(cell["n"] for row in c["cells"] for cell in row)] or compared[:1]
    runs = _runs(db, sweep_id)
    ended = {run.id: _ending(run) for run in runs.values() if run.state == "succeeded"}
    trains = sweep.base.get("experiment", "training") == "training"
    beside = main if len(set(sweep.axes) - {"seed"}) > 1 else compare(db, sweep_id, columns="experiment")
    column = beside["best"]["column"] if beside["best"] else len(beside["columns"]["values"]) // 2
    rows = range(min(len(beside["rows"]["values"]), MOST_PANELS))
    overlays = _overlays(db, beside, column, len(rows))
    panels = [_panel(db, beside, row, column, runs) for row in rows]
    figures = [*overlays, *(panel["picture"] for panel in panels)]
    data = {"comparisons": shown, "lines": [metric_lines(c) for c in shown], "pictures": figures}
    return render_template(
        "dashboard/report.html",
        sweep=sweep,
        posted=_date(sweep.created_at),
        made_at=_date(time.time()),
        lead=_lead(sweep),
        trains=trains,
        side_by_side=shown[0]["panels"] is not None,
        findings=findings(main, ended),
        table=_table(main),
        where=f"{worded(beside['columns']['field'])} {beside['columns']['values'][column]['label']}",
        overlays=overlays,
        panels=panels,
        reproduce=_command(sweep, server),
        versions=f"ltd-lab {version('ltd-lab')}, Python {platform.python_version()}",
        policy=REPORT_POLICY,
        style=bundle.read("dashboard.css"),
        modules=bundle.script("report"),
        plotly=bundle.PLOTLY.read_text(encoding="utf-8"),
        data=json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _runs(db: Database, sweep_id: str) -> dict[str, RunView]:
    page = list_runs(db, ListQuestion(sweep=sweep_id), limit=1000)
    found = page.runs
    while page.next:
        page = list_runs(db, ListQuestion(sweep=sweep_id), page.next, 1000)
        found += page.runs
    return {run.id: run for run in found}


def _ending(run: RunView) -> Ending:
    return Ending(solved=run.summary.get("success") == 1, diverged=run.summary.get("diverged") == 1)


def _overlays(db: Database, comparison: dict[str, Any], column: int, rows: int) -> list[Figure]:
    """Return the pictures of a column that are made of curves, a color a row."""
    cells = groups(comparison, ";".join(f"{row},{column}" for row in range(rows)))
    each = MOST_RUNS // max(1, len(cells["groups"]))
    chosen = [Group(group.label, group.runs[:each]) for group in cells["groups"]]
    _, known = overlay(db, chosen)
    names = [picture.name for picture in known[:MOST_OVERLAYS]]
    drawn = [overlay(db, chosen, name, family=cells["family"])[0] for name in names]
    return [figure for figure in drawn if figure]


def _panel(db: Database, comparison: dict[str, Any], row: int, column: int, runs: dict[str, RunView]) -> dict[str, Any]:
    """Return of a row how its runs ended, and of its median run what cannot be laid over others."""
    started = [runs[run_id] for run_id in comparison["cells"][row][column]["runs"] if runs[run_id].step > 0]
    title = f"{worded(comparison['rows']['field'])} {comparison['rows']['values'][row]['label']}"
    if not started:
        return {"title": title, "caption": "no run has started", "picture": None}
    ended = [run for run in started if run.state == "succeeded"] or started
    median = sorted(ended, key=_badness)[(len(ended) - 1) // 2]
    alone = [
        name for name, picture in pictures_of(db, median)[1].items() if not curves_of(picture, median.spec.traces())
    ]
    shown = pictures(db, median.id, alone[:1], max_points=CELLS)[0] if alone else None
    return {"title": title, "caption": _caption(started, median), "picture": shown}


def _badness(run: RunView) -> tuple[bool, float, str]:
    error = run.summary.get("evaluation_error")
    return run.summary.get("diverged") == 1, 1.0 if error is None else error, run.id


def _caption(started: list[RunView], median: RunView) -> str:
    endings = [_ending(run) for run in started if run.state == "succeeded"]
    solved, diverged = sum(e.solved for e in endings), sum(e.diverged for e in endings)
    others = Counter(run.state for run in started if run.state != "succeeded") | Counter(diverged=diverged)
    parts = [f"{solved} of {len(endings)} runs solved the problem", *(f"{k} {why}" for why, k in others.items() if k)]
    return f"{', '.join(parts)}. Drawn is seed {median.spec.seed}, the median."


def _lead(sweep: SweepView) -> str:
    axes = {name: values for name, values in sweep.axes.items() if name != "seed"}
    sizes = " × ".join(f"{len(values)} of {worded(name)}" for name, values in axes.items()) or "one specification"
    problem = worded(str(sweep.base.get("problem", {}).get("kind", "one problem")))
    seeds = f"{len(sweep.seeds)} seed{'s' if len(sweep.seeds) != 1 else ''}"
    all_ended = set(sweep.states) == {"succeeded"}
    ended = "all have ended" if all_ended else ", ".join(f"{k} {state}" for state, k in sweep.states.items())
    return f"{sweep.runs} runs on {problem}: {sizes}, {seeds}; {ended}."


def _table(comparison: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"name": value["label"], "cells": [_cell(cell) for cell in cells]}
        for value, cells in zip(comparison["rows"]["values"], comparison["cells"], strict=True)
    ]
    corner = f"{worded(comparison['rows']['field'])} \\ {worded(comparison['columns']['field'])}"
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


def _command(sweep: SweepView, server: str) -> str:
    parts: dict[str, Any] = {"name": sweep.name, "base": sweep.base, "axes": sweep.axes}
    parts |= {} if "seed" in sweep.axes else {"seeds": sweep.seeds}
    body = ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in parts.items())
    quoted = f"{{\n{body}\n}}".replace("'", "'\\''")
    return f"LTD_SERVER={server}\ncurl $LTD_SERVER/api/v1/sweeps -H 'Content-Type: application/json' -d '{quoted}'"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
