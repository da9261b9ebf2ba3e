"""`ltd show`: the pictures of a run in words, as a page, as PNG, SVG and CSV."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ltd_client import show
from ltd_client.browser import image
from ltd_client.console import Console
from ltd_client.figures import Figure, page
from ltd_client.ids import whole_run
from ltd_client.options import AsJson, Server, Token
from ltd_client.sdk import Lab


def show_command(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, or its first characters.")],
    *,
    picture: Annotated[str, typer.Option(help="One picture by its name; else all, and of images the first.")] = "",
    names: Annotated[bool, typer.Option("--list", help="Print the names of the pictures alone.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page that opens without a server.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write an image; needs chromium or google-chrome.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write a drawing; needs chromium or google-chrome.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the numbers that are drawn.")] = None,
    server: Server = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Show what a run found, picture by picture; opens its page where no file is asked for."""
    lab, console = Lab(server, token), Console(as_json=as_json)
    run_id = whole_run(lab, run_id)
    figures = lab.pictures(run_id, [picture] if picture else ())
    forms: list[tuple[Path | None, Callable[[], bytes]]] = [
        (html, lambda: page(figures, lab.plotly_js()).encode()),
        (png, lambda: _image(lab, figures, "png")),
        (svg, lambda: _image(lab, figures, "svg")),
        (csv, lambda: "\n".join(figure.csv() for figure in figures).encode()),
    ]
    files = [str(_written(path, make())) for path, make in forms if path is not None]
    console.result([figure.json for figure in figures], lambda: _say(console, figures, names=names))
    if files:
        show.files(console, files)
    elif not (as_json or names):
        address = f"{lab.server}/runs/{run_id}"
        console.say(address, whole=True)
        webbrowser.open(address)


def _say(console: Console, figures: list[Figure], *, names: bool) -> None:
    """Print question and answer of each picture, or the names alone."""
    for figure in figures:
        if names:
            console.say(escape(figure.name), whole=True)
        else:
            console.say(f"[bold]{escape(figure.title)}[/]  [dim]{escape(figure.name)}[/]")
            console.say(f"{escape(figure.caption)}\n" if figure.caption else "")
    if not figures:
        console.say("Nothing of the run is stored yet, so there is no picture.")


def _image(lab: Lab, figures: list[Figure], kind: str) -> bytes:
    if not figures:
        raise typer.BadParameter("nothing of the run is stored yet, so there is no picture")
    return image(figures[0].drawn(), lab.plotly_js(), kind)


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
