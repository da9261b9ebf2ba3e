"""`ltd export` and `ltd import`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ltd_client import comparisons, show
from ltd_client.console import Console
from ltd_client.exporting import export_sweep
from ltd_client.ids import whole_sweep
from ltd_client.importing import import_sweep
from ltd_client.options import AsJson, Server, Token
from ltd_client.sdk import Lab


class ExportFormat(StrEnum):
    """The content of an export."""

    REPORT = "report"
    PARQUET = "parquet"
    CSV = "csv"
    TENSORBOARD = "tensorboard"


def export(
    sweep_id: Annotated[str, typer.Argument(metavar="SWEEP", help="Id of a sweep.")],
    *,
    out: Annotated[Path, typer.Option("--to", "--out", help="Folder to write to.")] = Path("export"),
    kind: Annotated[
        ExportFormat,
        typer.Option("--format", metavar="FORMAT", help="report, parquet (can be imported again), csv or tensorboard."),
    ] = ExportFormat.REPORT,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Write a sweep to a folder: its report (comparison as CSV, runs as JSON lines, HTML), or every trace of each run.

    An export of traces that was interrupted is taken up where it stopped.
    """
    lab, console = Lab(server, token), Console(as_json=as_json)
    sweep_id = whole_sweep(lab, sweep_id)
    if kind is not ExportFormat.REPORT:
        done = export_sweep(lab, sweep_id, out, kind.value, console)
        console.result(done, lambda: show.exported(console, done))
        return
    files = {
        "comparison.csv": comparisons.csv_of(lab.comparison(sweep_id)).encode(),
        "report.html": lab.report(sweep_id),
    }
    files["runs.jsonl"] = b"".join(json.dumps(run).encode() + b"\n" for run in lab.runs(sweep=sweep_id))
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    console.result(written := {n: str(out / n) for n in files}, lambda: show.files(console, written.values()))


def import_command(
    folder: Annotated[Path, typer.Argument(help="A sweep that `ltd export --format parquet` wrote.")],
    *,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Bring a sweep of another laboratory; every run is checked, nothing is trained."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    done = import_sweep(lab, folder, console)
    console.result(done, lambda: show.imported(console, done, lab.server))
