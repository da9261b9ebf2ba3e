"""`ltd delete`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from ltd_client.connection import DEFAULT_SERVER
from ltd_client.console import Console
from ltd_client.errors import BadInput
from ltd_client.ids import is_run, whole_id
from ltd_client.options import AsJson, Server, Token
from ltd_client.sdk import Lab
from ltd_client.store import size

Json = dict[str, Any]


def delete_command(
    name: Annotated[str, typer.Argument(help="Id of a run or a sweep.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    server: Server = DEFAULT_SERVER,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Delete a run, or a sweep and its runs that nobody else has, with all their traces, for ever."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    name = whole_id(lab, name)
    what, delete = ("run", lab.delete_run) if is_run(lab, name) else ("sweep", lab.delete_sweep)
    if not yes:
        _ask(f"{what} {name}: {_told(delete(name, preview=True))}", as_json=as_json)
    gone = delete(name)
    console.result(gone, lambda: console.say(f"Deleted {what} {name}: {_told(gone)}."))


def _ask(told: str, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise BadInput(f"{told}; nobody can be asked here, so nothing was deleted: --yes deletes it")
    if not typer.confirm(f"{told}.\nDelete this for ever?"):
        raise BadInput("nothing was deleted")


def _told(gone: Json) -> str:
    runs = f"{gone['runs']:,} run{'' if gone['runs'] == 1 else 's'}, {size(gone['bytes'])}"
    return f"{runs}; {gone['kept']:,} stay for others" if gone["kept"] else runs
