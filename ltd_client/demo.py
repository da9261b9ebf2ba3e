"""The demonstration: a sweep, its comparison, a summary in sentences, and its report as a file."""

from __future__ import annotations

import json
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from ltd_client.console import Console
from ltd_client.sdk import Lab
from ltd_client.show import number
from ltd_client.watching import watch_sweep

Json = dict[str, Any]


def run(lab: Lab, home: Path, console: Console) -> None:
    """Post the sweep, watch it, show its comparison, and save its report."""
    began = time.monotonic()
    request = json.loads(files("ltd_client").joinpath("demo_sweep.json").read_text(encoding="utf-8"))
    posted = lab.sweep(request)
    _announce(console, posted)
    sweep = watch_sweep(lab, posted["id"], console)
    solved = lab.comparison(posted["id"], rows="clipping", columns="batch_size", metric="success")
    error = lab.comparison(posted["id"], rows="clipping", columns="batch_size", metric="evaluation_error")
    report = home.absolute() / "reports" / "demo.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_bytes(lab.report(posted["id"]))
    body = {"sweep": posted | sweep, "comparison": solved, "error": error, "report": str(report)}
    console.result(body, lambda: _show(console, sweep, solved, error))
    console.say(f"[dim]{time.monotonic() - began:.1f} s[/]   report  [bold]file://{escape(str(report))}[/]", whole=True)


def _announce(console: Console, posted: Json) -> None:
    if posted["new"] + posted["restarted"] == 0:
        console.say(f"Every one of the {posted['runs']} runs stood already: nothing is run again.")
        return
    console.say(f"[bold]{escape(posted['name'])}[/]")
    console.say(f"{posted['runs']} runs: {posted['new']} new, {posted['stood']} stood already.")


def _show(console: Console, sweep: Json, solved: Json, error: Json) -> None:
    table = Table(
        box=box.SIMPLE_HEAD, title="Runs that solved the problem; median error rate at the end", title_justify="left"
    )
    table.add_column("clipping", style="bold")
    for column in solved["columns"]["values"]:
        table.add_column(f"batch size {escape(column['label'])}", justify="right")
    for row, line, errors in zip(solved["rows"]["values"], solved["cells"], error["cells"], strict=True):
        table.add_row(escape(row["label"]), *(_cell(cell, other) for cell, other in zip(line, errors, strict=True)))
    console.say()
    console.say(table)
    for sentence in reading(solved):
        console.say(f"  {sentence}")
    console.say(
        f"  [dim]{sweep['updates_done']:,} updates, each traced: loss, gradient norms, share clipped\n"
        "  and |δ_t| at every time step.[/]\n"
    )


def _cell(cell: Json, error: Json) -> str:
    total = len(cell["runs"])
    won = round((cell["value"] or 0.0) * cell["n"])
    style = "bold green" if won == total else "red" if won == 0 else "yellow"
    return f"[{style}]{won} of {total}[/]  [dim]{number(error['value'])}[/]"


def reading(solved: Json) -> list[str]:
    """Return sentences computed from the comparison: the worst and the best rule, and where batch size matters most."""
    names = [row["label"] for row in solved["rows"]["values"]]
    wins = [[round((cell["value"] or 0.0) * cell["n"]) for cell in line] for line in solved["cells"]]
    totals = [sum(len(cell["runs"]) for cell in line) for line in solved["cells"]]
    known = [sum(cell["n"] for cell in line) for line in solved["cells"]]
    without = [
        "" if n == total else f", {total - n} of them without a result" for n, total in zip(known, totals, strict=True)
    ]
    sentences = [
        f"Clipping [bold]{names[i]}[/] solved {sum(wins[i])} of {totals[i]} runs{without[i]}."
        for i in _extremes([sum(w) for w in wins])
    ]
    sizes = [column["label"] for column in solved["columns"]["values"]]
    spread = max(range(len(wins)), key=lambda i: max(wins[i]) - min(wins[i]))
    if max(wins[spread]) > min(wins[spread]):
        by_size = ", ".join(f"{won} at {size}" for won, size in zip(wins[spread], sizes, strict=True))
        sentences.append(f"Batch size matters most at [bold]{names[spread]}[/]: solved {by_size}.")
    return sentences


def _extremes(values: list[int]) -> list[int]:
    worst, best = min(range(len(values)), key=values.__getitem__), max(range(len(values)), key=values.__getitem__)
    return [worst] if worst == best else [worst, best]
