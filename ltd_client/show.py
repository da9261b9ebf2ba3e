"""Prints results as text and tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from rich import box
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from ltd_client.console import Console
from ltd_client.stack import Stack

Json = dict[str, Any]
_COLORS = {
    "queued": "dim",
    "running": "cyan",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "solved": "bold green",
    "exhausted": "yellow",
    "diverged": "red",
}
_SILENT = 30.0
"""Seconds without a heartbeat after which a worker counts as gone; one comes every 5 s."""


def stack_is_up(console: Console, stack: Stack) -> None:
    """Print the laboratory's addresses and what to do next."""
    running = "is up" if stack.process else "is up already"
    lines = [
        f"The laboratory {running} at [bold cyan]{stack.url}[/]",
        "",
        f"dashboard  {stack.url}/",
        f"REST       {stack.url}/api/v1/openapi.json",
        f"next       ltd run --set problem.kind=temporal_order --watch --server {stack.url}",
        "",
        "[dim]Ctrl-C stops it; what was stored stays.[/]" if stack.process else f"[dim]Its folder is {stack.home}.[/]",
    ]
    body = {"url": stack.url, "home": str(stack.home), "started": bool(stack.process)}
    panel = Panel("\n".join(lines), box=box.ROUNDED, expand=False, padding=(1, 2))
    console.result(body, lambda: console.say(panel))


def run(console: Console, body: Json, server: str) -> None:
    """Show a run."""
    new = ""
    if "new" in body:
        new = " (new)" if body["new"] else " (queued again)" if body.get("restarted") else " (stood already)"
    table = _pairs()
    table.add_row("run", f"[bold]{body['id']}[/]{new}")
    table.add_row("state", _colored(body["state"]) + f", {body['step']:,} of {body['updates']:,} updates")
    if body["outcome"]:
        table.add_row("outcome", f"{_colored(body['outcome']['kind'])}: {escape(body['outcome']['message'])}")
    table.add_row("origin", body["origin"])
    if body["replay"]:
        told = f"[bold red]DIFFERENT: {escape(again)}" if (again := body["replay"]["difference"]) else ""
        table.add_row("trained again", told or body["replay"]["verdict"])
    if body["error"]:
        table.add_row("error", f"[red]{escape(body['error'])}")
    for name, value in body["summary"].items():
        told = number(value) if value is not None else f"[dim]{body['absent'].get(name, '-')}[/]"
        table.add_row(name.replace("_", " "), told)
    table.add_row("page", f"{server}/runs/{body['id']}")
    console.say(table)


def runs(console: Console, bodies: Sequence[Json], metric: str) -> None:
    """List runs, one per line, with one metric."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("run", "state", "origin", "problem", "cell", "clipping", metric.replace("_", " ")):
        table.add_column(name, justify="right" if name == metric.replace("_", " ") else "left")
    for body in bodies:
        spec, outcome = body["spec"], body["outcome"]
        kinds = (escape(spec[name]["kind"]) if name in spec else "-" for name in ("problem", "cell", "clipping"))
        state = _colored(outcome["kind"] if outcome else body["state"])
        value = body["summary"].get(metric)
        so_far = " so far" if value is not None and body["state"] != "succeeded" else ""
        differs = body["replay"] and body["replay"]["verdict"] == "different"
        origin = "[bold red]DIFFERS[/]" if differs else body["origin"]
        table.add_row(f"[bold]{body['id'][:12]}[/]", state, origin, *kinds, number(value) + so_far)
    console.say(table)
    console.say(f"[dim]{len(bodies)} runs; `ltd show 1a2b3c4d` shows what one found, by the beginning of its id.[/]")


def sweep(console: Console, body: Json, server: str) -> None:
    """Show a sweep."""
    table = _pairs()
    table.add_row("sweep", f"[bold]{body['id']}[/] {escape(body['name'])}")
    posted = (
        f": {body['new']} new, {body['restarted']} queued again, {body['stood']} stood already" if "new" in body else ""
    )
    if "kept" in body:
        kept = f", {body['kept']} kept: other sweeps have them, or they were posted alone" if body["kept"] else ""
        posted = f": {body['cancelled']} cancelled{kept}"
    table.add_row("runs", f"{body['runs']}{posted}")
    table.add_row("states", ", ".join(f"{count} {_colored(state)}" for state, count in body["states"].items()))
    if body["outcomes"]:
        table.add_row("outcomes", ", ".join(f"{count} {_colored(kind)}" for kind, count in body["outcomes"].items()))
    table.add_row("updates", f"{body['updates_done']:,} of {body['updates_total']:,}")
    table.add_row("page", f"{server}/sweeps/{body['id']}")
    console.say(table)


def mechanisms(console: Console, described: dict[str, list[Json]]) -> None:
    """List mechanisms by family."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("family", "kind", "what it is"):
        table.add_column(name, style="bold" if name == "kind" else "")
    for family, entries in described.items():
        for i, entry in enumerate(entries):
            table.add_row(
                f"[dim]{family}[/]" if i == 0 else "",
                entry["kind"],
                escape(entry["summary"]),
                end_section=entry is entries[-1],
            )
    console.say(table)


def mechanism(console: Console, chosen: dict[str, list[Json]]) -> None:
    """Describe mechanisms in full."""
    for family, entries in chosen.items():
        for entry in entries:
            table = _pairs()
            table.add_row("what", escape(entry["summary"]))
            for name in ("formula", "source", "unit", "better", "cost"):
                if entry.get(name):
                    table.add_row(name, escape(str(entry[name])))
            for name, setting in entry.get("settings", {}).get("properties", {}).items():
                if name != "kind":
                    table.add_row(name, f"{escape(setting.get('description', ''))} [dim]{escape(_range(setting))}[/]")
            if "example" in entry:
                table.add_row("to post", escape(json.dumps({family: entry["example"]})))
            console.say(Panel(table, title=f"[bold]{family} {entry['kind']}", title_align="left", box=box.ROUNDED))


def files(console: Console, paths: Iterable[str]) -> None:
    """Name the files that were written, one per line."""
    for path in paths:
        console.say(f"wrote [bold]{escape(path)}[/]", whole=True)


def exported(console: Console, done: Json) -> None:
    """Summarize an export of traces."""
    table = _pairs()
    table.add_row("folder", f"[bold]{escape(done['folder'])}")
    table.add_row("runs", f"{done['written']} written as {done['format']}, {done['unchanged']} unchanged")
    if done["thinned"]:
        table.add_row("left out", f"[yellow]traces of {len(done['thinned'])} runs: only their pyramid is kept")
    table.add_row("table", escape(done["runs"]))
    console.say(table)


def imported(console: Console, done: Json, server: str) -> None:
    """Summarize an import."""
    table = _pairs()
    table.add_row("runs", f"{done['new']} new, {done['stood']} stood already")
    if done["left_out"]:
        table.add_row("left out", f"[yellow]{done['left_out']} that had not succeeded, or had let points go")
    if done["sweep"]:
        table.add_row("sweep", f"[bold]{done['sweep']['id']}[/] {escape(done['sweep']['name'])}")
        table.add_row("page", f"{server}/sweeps/{done['sweep']['id']}")
    else:
        table.add_row("sweep", "[yellow]not posted: not all of its runs have succeeded here")
    console.say(table)


def doctor(console: Console, report: Json) -> None:
    """Show the state of each part."""
    table = _pairs()
    table.add_row("server", f"{report['server']} [dim]version {report['version']}[/]")
    for part in ("database", "broker"):
        table.add_row(part, "[green]ok" if report[part] == "ok" else f"[red]{escape(report[part])}")
    lines = [_worker(w) for w in sorted(report["workers"], key=itemgetter("silent_seconds"))]
    if all(w["silent_seconds"] > _SILENT for w in report["workers"]):
        lines.insert(0, "[red]none: nothing will train")
    table.add_row("workers", "\n".join(lines))
    for scope, most in report["limits"].items():
        said = f"{most['bytes']:.3g} bytes, {most['operations']:.3g} operations, {most['hours']:,.0f} hours"
        table.add_row(f"largest {scope}", said)
    console.say(table)


def _worker(worker: Json) -> str:
    name = f"{escape(worker['id'])} on {worker['device']}"
    if worker["silent_seconds"] > _SILENT:
        return f"[dim]{name}, ended or silent for {worker['silent_seconds']:.0f} s"
    return f"{name}, {len(worker['running'])} runs"


def number(value: float | str | None) -> str:
    """Return a number with thousands separators, or with four significant digits; infinite ones come as words."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return f"{float(value):g}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _range(setting: Json) -> str:
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    parts = [f"{word} {setting[key]:g}" for key, word in words.items() if key in setting]
    if "enum" in setting:
        parts.append(" or ".join(map(str, setting["enum"])))
    if "default" in setting:
        parts.append(f"default {setting['default']}")
    return ", ".join(parts)


def _colored(word: str) -> str:
    return f"[{_COLORS.get(word, '')}]{word}[/]" if word in _COLORS else word


def _pairs() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table
