"""The stack on one machine, as real processes: it starts, says where it is, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from services.embedded.broker import answers, broker_program
from services.settings import Settings
from tests.support.parts import DEADLINE, wait_for

pytestmark = pytest.mark.xdist_group("stack")
USUAL = Settings.model_fields["port"].default


class Launcher:
    """A launcher process and, after `see`, everything it started."""

    def __init__(self, home: Path, *options: str, **environment: str) -> None:
        command = [sys.executable, "-m", "services.embedded", "--home", str(home), "--workers", "1", *options]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LTD_")}
        self.errors = home.parent / f"{home.name}.stderr"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=inherited | environment
            )
        self.descendants: list[psutil.Process] = []

    def event(self) -> dict:
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        return json.loads(line)

    def ready(self) -> str:
        event = self.event()
        assert event["event"] == "ready", event
        self.see()
        return event["url"]

    def see(self) -> None:
        self.descendants = psutil.Process(self.process.pid).children(recursive=True)

    def finish(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(DEADLINE)
        finally:
            self.process.stdout.close()

    def left_behind(self) -> list[psutil.Process]:
        return [process for process in self.descendants if lives(process)]


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def launched(home: Path, *options: str, **environment: str) -> Iterator[Launcher]:
    launcher = Launcher(home, *options, **environment)
    try:
        yield launcher
    finally:
        if launcher.process.poll() is None:
            launcher.finish(signal.SIGTERM)
        launcher.process.stdout.close()


def healthy(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/healthz", timeout=DEADLINE) as response:
        return response.status == 200


def part(launcher: Launcher, word: str) -> psutil.Process:
    found = [p for p in psutil.Process(launcher.process.pid).children() if word in " ".join(p.cmdline())]
    assert len(found) == 1, found
    return found[0]


def test_it_starts_once_takes_a_free_port_and_ends_clean(tmp_path: Path) -> None:
    home = tmp_path / "lab"
    with ExitStack() as taken:
        with suppress(OSError):  # somebody else has it
            taken.enter_context(socket.create_server(("127.0.0.1", USUAL)))
        with launched(home) as launcher:
            url = launcher.ready()
            assert healthy(url)
            assert not url.endswith(f":{USUAL}")
            told = f"port {USUAL} is taken by another program: this laboratory uses {url.rpartition(':')[2]}\n"
            assert told in launcher.errors.read_text()
            assert json.loads((home / "stack.json").read_text()) == {"url": url, "pid": launcher.process.pid}

            listening = {
                connection.laddr.port
                for process in [psutil.Process(launcher.process.pid), *launcher.descendants]
                for connection in process.net_connections("inet")
                if connection.status == psutil.CONN_LISTEN
            }
            assert listening == {int(url.rpartition(":")[2])}

            with launched(home, "--port", "0") as second:
                assert second.event() == {"event": "running", "url": url}
                assert second.wait() == 0

            assert launcher.finish(signal.SIGTERM) == 0
            assert launcher.left_behind() == []
            assert not (home / "stack.json").exists()


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_port_that_was_asked_for_and_is_taken_is_an_error_of_one_line(tmp_path: Path, by: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = str(taken.getsockname()[1])
        options, variables = (["--port", busy], {}) if by == "option" else ([], {"LTD_PORT": busy})
        with launched(tmp_path / "lab", *options, **variables) as launcher:
            event = launcher.event()
            assert event["event"] == "failed"
            assert event["message"].startswith(f"port {busy} cannot be opened at 127.0.0.1")
            assert launcher.wait() == 1
            assert launcher.errors.read_text() == "", "who started it tells what the event says"


def test_nothing_outlives_a_launcher_that_is_killed(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 20) / "lab"  # too long for the address of a socket
    home.parent.mkdir()
    with launched(home, "--port", "0") as launcher:
        launcher.ready()
        title = " ".join(part(launcher, "unixsocket").cmdline())
        sockets = Path(title.partition("unixsocket:")[2].split()[0]).parent
        assert not sockets.is_relative_to(home)
        launcher.process.kill()
        launcher.wait()
        with launched(home, "--port", "0") as heir:  # waits until the guard is through
            assert healthy(heir.ready())
            assert launcher.left_behind() == []
            assert not sockets.exists()
            assert heir.finish(signal.SIGINT) == 0
            assert heir.left_behind() == []


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    with launched(tmp_path / "lab", "--port", "0") as launcher:
        url = launcher.ready()
        for word in ("api.serving", "celery", "unixsocket"):
            kill_and_wait(launcher, word)
        wait_for(lambda: healthy(url))
        launcher.see()
        assert launcher.finish(signal.SIGTERM) == 0
        assert launcher.left_behind() == []


def kill_and_wait(launcher: Launcher, word: str) -> None:
    before = part(launcher, word)
    before.kill()
    wait_for(lambda: part_pid(launcher, word) not in {None, before.pid})


def part_pid(launcher: Launcher, word: str) -> int | None:
    try:
        return part(launcher, word).pid
    except (AssertionError, psutil.NoSuchProcess):
        return None


def test_a_part_that_cannot_start_is_named_with_its_log(tmp_path: Path) -> None:
    server = tmp_path / "bin" / "valkey-server"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\necho the disk is full\nexit 3\n")
    server.chmod(0o755)
    with launched(tmp_path / "lab", "--port", "0", PATH=f"{server.parent}:{os.environ['PATH']}") as launcher:
        event = launcher.event()
        assert event["event"] == "failed"
        assert "broker ended with exit status 3" in event["message"]
        assert "the disk is full" in event["message"]
        assert launcher.wait() == 1


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "own.sock"
    with subprocess.Popen(broker_program(path, tmp_path).command, stdout=subprocess.DEVNULL) as broker:
        try:
            wait_for(lambda: answers(str(path)))
            yield path
        finally:
            broker.terminate()


def test_it_uses_a_broker_of_the_users(tmp_path: Path, own_broker: Path) -> None:
    with launched(tmp_path / "lab", "--port", "0", LTD_BROKER_URL=f"redis+socket://{own_broker}") as launcher:
        assert healthy(launcher.ready())
        assert part_pid(launcher, "unixsocket") is None
        assert launcher.finish(signal.SIGTERM) == 0
    assert answers(str(own_broker))


def test_an_address_that_others_reach_needs_a_token(tmp_path: Path) -> None:
    with launched(tmp_path / "lab", LTD_HOST="0.0.0.0", LTD_TOKEN="") as launcher:
        event = launcher.event()
        assert event["event"] == "failed"
        assert "LTD_TOKEN" in event["message"]
        assert launcher.wait() == 1
