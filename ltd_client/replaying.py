"""`ltd replay`."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from ltd_client import show
from ltd_client.console import Console
from ltd_client.errors import ReplayFailed
from ltd_client.ids import whole_id
from ltd_client.options import AsJson, Server, Token
from ltd_client.sdk import Lab
from ltd_client.watching import watch_run

Json = dict[str, Any]
_POLL_SECONDS = 0.5


def replay(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run that has succeeded.")],
    *,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Train a run again beside its results, imported ones above all; exit status 1 where they differ in any bit."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    run = compared(lab, whole_id(lab, run_id), console)
    console.result(run, lambda: show.run(console, run, lab.server))
    if run["replay"]["verdict"] == "different":
        raise ReplayFailed(run_id, f"differs: {run['replay']['difference']}")


def compared(lab: Lab, run_id: str, console: Console) -> Json:
    """Return the run once it was trained again and compared; raises ReplayFailed."""
    run = lab.replay(run_id)
    if run["replay"]["verdict"] == "waiting":
        again = watch_run(lab, run["replay"]["id"], console)
        if again["state"] != "succeeded":
            raise ReplayFailed(run_id, f"{again['state']}: {again['error'] or 'nothing was compared'}")
    while run["replay"]["verdict"] == "waiting":  # until the reconciler has compared them, within seconds
        time.sleep(_POLL_SECONDS)
        run = lab.get_run(run_id)
    return run
