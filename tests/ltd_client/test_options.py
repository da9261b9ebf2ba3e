"""The options that commands share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from ltd_client.cli import app

NO_SERVER = {"up"}
"""Starts a laboratory and asks none."""


def commands() -> Iterator[list[str]]:
    """Yield the words of every command, those of `ltd store` too."""
    for name, command in typer.main.get_group(app).commands.items():
        yield [name]
        yield from ([name, below] for below in getattr(command, "commands", {}))


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_explains_itself_and_takes_them(words: list[str]) -> None:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert done.exit_code == 0
    assert "--json" in done.stdout
    assert words[0] in NO_SERVER or all(part in done.stdout for part in ("--server", "--token", "LTD_SERVER"))
    assert max(map(len, done.stdout.splitlines())) <= 80
