"""Progress bars for runs and sweeps."""

from __future__ import annotations

import time
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ltd_client.console import Console
from ltd_client.sdk import FINAL, Lab, Run

Json = dict[str, Any]
_POLL_SECONDS = 0.5


def watch_run(lab: Lab, run_id: str, console: Console) -> Run:
    """Show a run's progress until it ends, and return it."""
    run = lab.get_run(run_id)
    with progress_bars(console) as bars:
        task = bars.add_task(f"run {run_id[:8]}", total=run["updates"], note="")
        for kind, data in lab.events(run_id):
            if kind == "progress":
                loss = data["summary"].get("final_loss")
                bars.update(task, completed=data["step"], note="" if loss is None else f"loss {loss:.4g}")
            else:
                bars.update(task, completed=data["step"], description=f"run {run_id[:8]} {data['state']}")
    return lab.get_run(run_id)


def watch_sweep(lab: Lab, sweep_id: str, console: Console) -> Json:
    """Show a sweep's progress until every run has ended, and return it."""
    sweep = lab.get_sweep(sweep_id)
    with progress_bars(console) as bars:
        runs = bars.add_task("runs", total=sweep["runs"], note="")
        updates = bars.add_task("updates", total=sweep["updates_total"], note="")
        began, before = time.monotonic(), sweep["updates_done"]
        while True:
            if sweep["updates_done"] == before:  # nothing trains yet
                began = time.monotonic()
            ended = sum(sweep["states"].get(state, 0) for state in FINAL)
            pace = (sweep["updates_done"] - before) / max(time.monotonic() - began, 1e-9)
            bars.update(runs, completed=ended, note=_states(sweep))
            bars.update(updates, completed=sweep["updates_done"], note=f"{pace:,.0f} a second" if pace else "")
            if sweep["finished"]:
                return sweep
            time.sleep(_POLL_SECONDS)
            sweep = lab.get_sweep(sweep_id)


def _states(sweep: Json) -> str:
    parts = sweep["outcomes"] | {
        state: n for state, n in sweep["states"].items() if state not in {"succeeded", "queued"}
    }
    return ", ".join(f"{count} {name}" for name, count in sorted(parts.items()))


def progress_bars(console: Console) -> Progress:
    """Return progress bars on standard error; each task has a field `note`."""
    return Progress(
        TextColumn("{task.description:<14}"),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("[dim]{task.fields[note]}"),
        console=console.err,
        disable=console.as_json,
    )
