"""`ltd store`: size, integrity and retention of what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from ltd_client.console import Console
from ltd_client.ids import whole_sweep
from ltd_client.options import AsJson, Server, Token
from ltd_client.sdk import Lab

app = typer.Typer(help="What is stored: its room, its soundness, how long finest points are kept.")

Json = dict[str, Any]
_DONE = {
    "verify": "blocks and pages looked at",
    "repair": "pages made again",
    "compact": "blocks joined into larger ones",
    "thin": "blocks let go",
}
_UNIT = 1000.0


@app.callback(invoke_without_command=True)
def usage(context: typer.Context, *, server: Server = "", token: Token = "", as_json: AsJson = False) -> None:
    """Say what takes the room, and how long finest points are kept."""
    if context.invoked_subcommand is None:
        console, body = Console(as_json=as_json), Lab(server, token).store()
        console.result(body, lambda: _show(console, body))


@app.command()
def keep(
    days: Annotated[str, typer.Argument(help="Days after a run's end; `forever` for no end.")],
    *,
    sweep: Annotated[str, typer.Option(help="A sweep; without it, every run whose sweeps have no policy.")] = "",
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Keep the finest points for some days; then the pyramid alone, in cells of 32 points and more."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    kept = lab.keep(None if days == "forever" else _number(days), whole_sweep(lab, sweep) if sweep else None)
    console.result(kept, lambda: _policies(console, kept["policies"]))


def _number(days: str) -> float:
    try:
        return float(days)
    except ValueError:
        raise typer.BadParameter(f"{days!r} is no number of days, nor `forever`", param_hint="DAYS") from None


def _command(kind: str, summary: str) -> Callable[..., None]:
    """Return the command that does one kind of maintenance, run by run, and shows the result."""

    def command(*, server: Server = "", token: Token = "", as_json: AsJson = False) -> None:
        lab, console = Lab(server, token), Console(as_json=as_json)
        total: Json = {"runs": 0, "looked_at": 0, "changed": 0, "findings": []}
        with Progress(console=console.err, transient=True) as bar:
            task = bar.add_task(kind, total=lab.store()["rows"]["runs"])
            for done in lab.care(kind):
                total = {name: total[name] + done[name] for name in total}
                bar.update(task, completed=total["runs"])
        console.result(total, lambda: _summary(console, kind, total))
        if kind == "verify" and total["findings"]:
            raise typer.Exit(1)

    command.__doc__ = summary
    return command


app.command("verify")(_command("verify", "Check every checksum; exit status 1 when something is damaged or missing."))
app.command("repair")(_command("repair", "Make what is missing or damaged of the pyramid again from the points."))
app.command("compact")(_command("compact", "Join the small blocks of runs that have ended; the numbers stay the same."))
app.command("thin")(_command("thin", "Let go of the finest points whose time is over (also done by itself)."))


def _summary(console: Console, kind: str, total: Json) -> None:
    for finding in total["findings"]:
        console.say(f"[{'yellow' if 'made again' in finding else 'red'}]{escape(finding)}")
    count = total["looked_at"] if kind == "verify" else total["changed"]
    sound = " [green]All is sound.[/]" if kind == "verify" and not total["findings"] else ""
    console.say(f"{total['runs']:,} runs, {count:,} {_DONE[kind]}.{sound}")


def _show(console: Console, body: Json) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=f"{size(body['bytes'])} in all, {body['rows']['runs']:,} runs")
    for name in ("trace", "points", "pyramid", "blocks", "pages"):
        table.add_column(name, justify="left" if name == "trace" else "right")
    for trace in body["traces"]:
        sizes = (size(trace["blocks_bytes"]), size(trace["pages_bytes"]))
        table.add_row(trace["name"], *sizes, f"{trace['blocks']:,}", f"{trace['pages']:,}")
    table.add_row("[dim]states and weights", size(body["states_bytes"]), "", "", "")
    console.say(table)
    _policies(console, body["policies"])


def _policies(console: Console, policies: list[Json]) -> None:
    if not policies:
        console.say("Finest points are kept for ever; `ltd store keep DAYS` changes that.")
    for policy in policies:
        others = "of every other run" if len(policies) > 1 else "of every run"
        runs = f"of sweep {policy['sweep']}" if policy["sweep"] else others
        until = "for ever" if policy["days"] is None else f"for {policy['days']:g} days after its end, then the pyramid"
        console.say(f"The finest points {runs} are kept {until}.")


def size(count: float) -> str:
    """Return a number of bytes with a unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < _UNIT:
            return f"{count:.3g} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= _UNIT
    return f"{count:.3g} TB"
