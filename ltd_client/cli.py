"""The `ltd` command."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from ltd_client import comparisons, deleting, demo, exchange, pictures, replaying, show, stack, store
from ltd_client.console import Console
from ltd_client.errors import BadInput, ClientError
from ltd_client.ids import is_run, whole_id, whole_sweep
from ltd_client.options import AsJson, Server, Token
from ltd_client.sdk import Lab
from ltd_client.specification import assign, load
from ltd_client.watching import watch_run, watch_sweep

app = typer.Typer(
    name="ltd",
    help="A laboratory for long-term dependencies: how gradients travel through time, "
    "across clipping and minibatch settings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

app.add_typer(store.app, name="store")


Home = Annotated[Path, typer.Option(envvar="LTD_HOME", help="Folder of the embedded laboratory.")]
Watch = Annotated[bool, typer.Option("--watch", help="Stay and show the progress.")]


@app.callback(invoke_without_command=True)
def ltd(*, show_version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    """Ask a laboratory for long-term dependencies: how gradients travel through time, by clipping and minibatches."""
    if show_version:
        sys.stdout.write(f"ltd {version('ltd-lab')}\n")
        raise typer.Exit


@app.command()
def up(
    *,
    home: Home = Path(".ltd"),
    port: Annotated[
        int | None, typer.Option(help="Port of the API and the dashboard; 0 for any.", show_default="8421, or the next")
    ] = None,
    workers: Annotated[int, typer.Option(help="Worker processes; 0 for one a core.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Start a laboratory here and keep it up until Ctrl-C."""
    with stack.started(home, port, workers) as running:
        show.stack_is_up(Console(as_json=as_json), running)
        running.wait()


@app.command(name="demo")
def demo_command(*, home: Home = Path(".ltd"), server: Server = "", token: Token = "", as_json: AsJson = False) -> None:
    """Run a real sweep and show what clipping and minibatches do to it."""
    console = Console(as_json=as_json)
    with stack.reachable(server, home, console) as address:
        demo.run(Lab(address, token), home, console)


@app.command()
def run(
    file: Annotated[str, typer.Argument(help="A specification in JSON; - for standard input.")] = "",
    *,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="A field and its value, such as clipping.threshold=1.")
    ] = None,
    watch: Watch = False,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Submit one run."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    submitted = lab.run(assign(load(file) if file else {}, assignments or []))
    if watch:
        submitted = watch_run(lab, submitted["id"], console)
    console.result(submitted, lambda: show.run(console, submitted, lab.server))


@app.command()
def sweep(
    file: Annotated[str, typer.Argument(help="A sweep in JSON; - for standard input.")],
    *,
    watch: Watch = False,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Post a sweep; what is there already is not run again."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    posted = lab.sweep(load(file))
    if watch:
        posted |= watch_sweep(lab, posted["id"], console)
    console.result(posted, lambda: show.sweep(console, posted, lab.server))


@app.command(name="watch")
def watch_command(
    name: Annotated[str, typer.Argument(help="Id of a run or a sweep.")],
    *,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Show the progress of a run or a sweep until it ends."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    name = whole_id(lab, name)
    watch, shown = (watch_run, show.run) if is_run(lab, name) else (watch_sweep, show.sweep)
    ended = watch(lab, name, console)
    console.result(ended, lambda: shown(console, ended, lab.server))


@app.command(name="runs")
def runs_command(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words to search: kinds, states, ids, sweeps' names.")
    ] = None,
    *,
    state: Annotated[str, typer.Option(help="queued, running, succeeded, failed or cancelled.")] = "",
    outcome: Annotated[str, typer.Option(help="solved, exhausted or diverged.")] = "",
    sweep: Annotated[str, typer.Option(help="Id of a sweep.")] = "",
    experiment: Annotated[str, typer.Option(help="Kind of experiment.")] = "",
    problem: Annotated[str, typer.Option(help="Kind of problem, such as adding; so for the next five.")] = "",
    cell: Annotated[str, typer.Option()] = "",
    initialization: Annotated[str, typer.Option()] = "",
    regularizer: Annotated[str, typer.Option()] = "",
    clipping: Annotated[str, typer.Option()] = "",
    optimizer: Annotated[str, typer.Option()] = "",
    metric: Annotated[str, typer.Option(help="A metric that runs must have; --below and --above are its ends.")] = "",
    below: Annotated[float | None, typer.Option(help="Upper end of the metric.")] = None,
    above: Annotated[float | None, typer.Option(help="Lower end of the metric.")] = None,
    sort: Annotated[str, typer.Option(help="A metric, such as final_loss; after a minus, from the largest.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show.")] = 20,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List runs: the newest first, or in the order of a metric."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    sweep = whole_sweep(lab, sweep) if sweep else ""
    filters: dict[str, Any] = (
        {"search": " ".join(words or []), "state": state, "outcome": outcome, "sweep": sweep, "experiment": experiment}
        | {"problem": problem, "cell": cell, "initialization": initialization, "regularizer": regularizer}
        | {"clipping": clipping, "optimizer": optimizer, "metric": metric, "below": below, "above": above, "sort": sort}
    )
    listed = list(islice(lab.runs(limit=limit, **filters), limit))
    console.result(listed, lambda: show.runs(console, listed, (sort or metric).removeprefix("-") or "final_loss"))


@app.command()
def compare(
    sweep_id: Annotated[str, typer.Argument(metavar="SWEEP", help="Id of a sweep.")],
    *,
    rows: Annotated[str, typer.Option(help="Field of the rows, such as clipping.threshold.")] = "",
    columns: Annotated[str, typer.Option(help="Field of the columns, such as batch_size.")] = "",
    metric: Annotated[str, typer.Option(help="What fills the cells; `ltd mechanisms metric` lists them.")] = "success",
    aggregate: Annotated[
        str,
        typer.Option(help="median, mean, min, max or quantile; of a yes or no success_rate. By default the first."),
    ] = "",
    quantile: Annotated[float, typer.Option(help="The share below, where the aggregate is quantile.")] = 0.9,
    pairs: Annotated[
        str, typer.Option(help="An axis, such as clipping: compare its values two by two on the same seeds instead.")
    ] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Compare the runs of a sweep in a table."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    sweep_id = whole_sweep(lab, sweep_id)
    if pairs:
        paired = lab.pairs(sweep_id, field=pairs, metric=metric)
        console.result(paired, lambda: comparisons.show_pairs(console, paired))
        return
    share = str(quantile) if aggregate == "quantile" else None
    table = lab.comparison(sweep_id, rows=rows, columns=columns, metric=metric, aggregate=aggregate, quantile=share)
    if csv:
        sys.stdout.write(comparisons.csv_of(table))
        return
    console.result(table, lambda: comparisons.show(console, table))


@app.command()
def mechanisms(
    name: Annotated[str, typer.Argument(help="A family or a kind, such as clipping or norm.")] = "",
    *,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List what a specification can name, or describe one of them."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    described = lab.mechanisms()
    if not name:
        console.result(described, lambda: show.mechanisms(console, described))
        return
    chosen = {f: [e for e in entries if name in (f, e["kind"])] for f, entries in described.items()}
    chosen = {family: entries for family, entries in chosen.items() if entries}
    if not chosen:
        raise typer.BadParameter(f"{name!r} is none of the mechanisms; `ltd mechanisms` lists them", param_hint="NAME")
    detailed = name not in described
    console.result(chosen, lambda: show.mechanism(console, chosen) if detailed else show.mechanisms(console, chosen))


@app.command(name="cancel")
def cancel_command(
    name: Annotated[str, typer.Argument(help="Id of a run or a sweep.")],
    *,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Cancel a run, or of a sweep what has not ended and nobody else waits for."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    name = whole_id(lab, name)
    cancel, shown = (lab.cancel_run, show.run) if is_run(lab, name) else (lab.cancel_sweep, show.sweep)
    cancelled = cancel(name)
    console.result(cancelled, lambda: shown(console, cancelled, lab.server))


app.command()(replaying.replay)
app.command(name="delete")(deleting.delete_command)
app.command(name="show")(pictures.show_command)
app.command()(exchange.export)
app.command(name="import")(exchange.import_command)


@app.command()
def doctor(*, server: Server = "", token: Token = "", as_json: AsJson = False) -> None:
    """Check that the laboratory works: server, database, broker, workers."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    ready = lab.ready()
    report = {"server": lab.server, "version": lab.version(), **ready, "workers": lab.workers(), "limits": lab.limits()}
    console.result(report, lambda: show.doctor(console, report))
    if ready["status"] != "ready":
        raise typer.Exit(1)


def main() -> None:
    """Run the command; exit status 2 for bad input, 3 if no laboratory answers, 1 for any other error.

    Every error is one line, those of typer too, which would draw a box of several.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has one of them
            signal.signal(getattr(signal, name), _end)
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        sys.exit(app(prog_name="ltd", standalone_mode=False) or 0)
    except (ClientError, OSError, TyperException) as error:  # OSError: a folder that cannot be written, a full disk
        told = _told(error) if isinstance(error, TyperException) else error
        Console(as_json="--json" in sys.argv).error(told)
        sys.exit(told.exit_status if isinstance(told, ClientError) else 1)


def _end(number: int, _frame: FrameType | None) -> None:
    """Exit through `finally` blocks, so that a laboratory started for one command ends with it."""
    sys.exit(128 + number)


def _told(error: TyperException) -> BadInput:
    """Return what typer says of a command that is misused, and which help tells what would be right."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "ltd"
    return BadInput(f"{error.format_message().rstrip('.')}; see `{command} --help`")
