"""Options shared by the commands."""

from __future__ import annotations

from typing import Annotated

import typer

from ltd_client.connection import DEFAULT_SERVER

UP_HERE = f"the one that is up in this folder, else {DEFAULT_SERVER}"
Server = Annotated[str, typer.Option(envvar="LTD_SERVER", help="Address of the laboratory.", show_default=UP_HERE)]
Token = Annotated[str, typer.Option(envvar="LTD_TOKEN", help="Its token, if it asks for one.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")]
