"""A laboratory as a child process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ltd_client import Lab, stack
from ltd_client.console import Console
from tests.ltd_client.command import COMMAND, environment
from tests.ltd_client.command import ltd as ask
from tests.support.parts import DEADLINE, wait_for


@pytest.mark.xdist_group("stack")
def test_a_laboratory_is_found_by_its_folder_and_ends_with_the_command_that_started_it(tmp_path: Path) -> None:
    home = tmp_path / "lab"
    command = [*COMMAND, "demo", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True) as ltd:
        assert ltd.stdout
        assert "Clipping and minibatches" in ltd.stdout.readline()
        parts = psutil.Process(ltd.pid).children(recursive=True)
        with stack.started(home, 0) as second:
            assert second.process is None, "it is up already"
            found = ask("doctor", "--json", LTD_HOME=str(home))
            assert found.json["server"] == second.url, "a command finds what is up in its folder"
            with Lab(second.url) as lab:
                assert lab.ready()["status"] == "ready"
        ltd.send_signal(signal.SIGTERM)
        _, errors = ltd.communicate(timeout=DEADLINE)
    assert ltd.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in errors
    assert len(parts) >= 5
    wait_for(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in parts))


def test_where_an_address_is_given_nothing_is_started(tmp_path: Path, console: Console) -> None:
    with stack.reachable("http://host", tmp_path / "lab", console) as address:
        assert address == "http://host"
    assert not (tmp_path / "lab").exists()


def test_a_laboratory_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTD_HOST", "0.0.0.0")
    monkeypatch.setenv("LTD_TOKEN", "")
    with pytest.raises(stack.StackError, match="LTD_TOKEN"), stack.started(tmp_path / "lab", 0):
        pytest.fail("it must not start")


def test_libraries_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "_LIBRARIES", ("json", "no_such_library"))
    with pytest.raises(stack.StackError, match=r"ltd-lab\[worker\]': no_such_library"), stack.started(tmp_path, 0):
        pytest.fail("it must not start")


@pytest.mark.parametrize(("status", "ended"), [(0, None), (3, "ended by itself: its logs are in")])
def test_an_end_that_nobody_asked_for_is_an_error(tmp_path: Path, status: int, ended: str | None) -> None:
    with subprocess.Popen([sys.executable, "-c", f"raise SystemExit({status})"], text=True) as process:
        running = stack.Stack("http://host", tmp_path, process)
        if ended is None:
            running.wait()
        else:
            with pytest.raises(stack.StackError, match=ended):
                running.wait()
