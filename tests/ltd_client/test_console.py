"""Results go to standard output, all else to standard error; programs get JSON and nothing beside it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from ltd_client.console import Console
from ltd_client.errors import BadRequest
from tests.ltd_client.command import COMMAND, environment

BODY = {"id": "a", "summary": {"final_loss": None}}


def test_programs_get_the_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=True)
    console.say("for people")
    console.err.print("on the way")
    console.result(BODY, lambda: pytest.fail("words are for people"))
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == (BODY, "")
    console.error(ValueError("wrong"))
    out, err = capsys.readouterr()
    assert (out, json.loads(err)) == ("", {"title": "ValueError", "detail": "wrong"})
    console.error(BadRequest(404, {"title": "Not Found"}))
    assert json.loads(capsys.readouterr().err) == {"title": "Not Found"}


def test_people_get_words(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    console.result(BODY, lambda: console.say("[bold]all[/] is well"))
    console.err.print("on the way")
    assert capsys.readouterr() == ("all is well\n", "on the way\n")


def test_a_whole_line_is_never_broken(console: Console, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(tmp_path / ("deep" * 40))
    console.say(path, whole=True)
    console.say(path)
    whole, *broken = capsys.readouterr().out.splitlines()
    assert whole == path
    assert len(broken) > 1


def test_an_error_keeps_its_brackets(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    problem = {"errors": [{"field": "axes.clipping[2]", "message": "no [/b]", "value": "[red]"}] * 2}
    console.error(BadRequest(422, problem))
    told = "axes.clipping[2]: no [/b] (got '[red]')"
    assert capsys.readouterr().err == f"error  {told}; {told}\n"


@pytest.mark.xdist_group("client")
def test_a_terminal_gets_colors_unless_they_are_refused(server: str) -> None:
    plain = environment(TERM="xterm-256color", LTD_SERVER=server)
    colored = {name: value for name, value in plain.items() if name != "NO_COLOR"}
    assert "\x1b[1;32m" not in on_a_terminal("doctor", plain)
    assert "\x1b[32mok" in on_a_terminal("doctor", colored)


def on_a_terminal(word: str, environment: dict[str, str]) -> str:
    ours, its = pty.openpty()
    with subprocess.Popen([*COMMAND, word], stdout=its, stderr=its, env=environment) as command:
        os.close(its)
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:  # Linux says so where others say "end of file"
            pass
        command.wait()
    os.close(ours)
    return said.decode()
