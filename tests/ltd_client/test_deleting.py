"""`ltd delete` says what goes and what stays, and asks before it does it."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import Any

import pytest

from ltd_client import Lab
from tests.ltd_client.command import COMMAND, environment
from tests.ltd_client.house import end_all, spec, sweep
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")


def answered(server: str, name: str, answer: str) -> tuple[int, str]:
    """Return the exit status and the output of the command on a terminal on which a word is typed."""
    master, terminal = pty.openpty()
    words = [*COMMAND, "delete", name, "--server", server]
    with subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, env=environment()) as command:
        os.close(terminal)
        os.write(master, f"{answer}\n".encode())
        said = b""
        while True:
            try:
                said += os.read(master, 1024)
            except OSError:  # the command has ended
                break
    os.close(master)
    return command.returncode, said.decode()


def test_a_sweep_that_has_not_ended_is_refused_with_what_to_do(ask: Any, sdk: Lab, house: House) -> None:
    sweep_id = sdk.sweep(sweep())["id"]
    done = ask("delete", sweep_id, "--yes")
    assert (done.status, done.out) == (2, "")
    assert "8 runs" in done.err
    assert "cancel it" in done.err
    end_all(house)


def test_where_nobody_can_be_asked_it_says_what_would_go_and_does_nothing(ask: Any, sdk: Lab, house: House) -> None:
    run_id = sdk.run(spec())["id"]
    end_all(house)
    for words in ((), ("--json",)):
        done = ask("delete", run_id[:12], *words)
        assert (done.status, done.out) == (2, "")
        assert f"run {run_id}: 1 run, " in done.err
        assert "--yes" in done.err
    assert sdk.get_run(run_id)["state"] == "succeeded"


def test_it_is_done_after_a_yes_alone(sdk: Lab, house: House, server: str) -> None:
    sweep_id = sdk.sweep(sweep())["id"]
    end_all(house)
    shared = next(iter(sdk.runs(sweep=sweep_id)))
    sdk.run(shared["spec"])
    status, said = answered(server, sweep_id, "n")
    assert status == 2
    assert "7 runs, " in said
    assert "1 stay for others" in said
    assert sdk.get_sweep(sweep_id)["runs"] == 8
    status, said = answered(server, sweep_id, "y")
    assert status == 0
    assert "Deleted sweep" in said
    assert sweep_id not in [one["id"] for one in sdk.sweeps()]
    assert sdk.get_run(shared["id"])["state"] == "succeeded"


def test_programs_get_the_counts(ask: Any, sdk: Lab, house: House) -> None:
    run_id = sdk.run(spec())["id"]
    end_all(house)
    told = sdk.delete_run(run_id, preview=True)
    done = ask("delete", run_id, "--yes", "--json")
    assert (done.status, done.json) == (0, told)
    assert (told["runs"], told["kept"], told["bytes"] > 0) == (1, 0, True)
    again = ask("delete", run_id, "--yes")
    assert (again.status, run_id in again.err) == (2, True)
