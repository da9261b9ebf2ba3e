"""Starts the embedded laboratory as a child process, or finds the one that runs, and stops what it started."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from ltd_client.console import Console
from ltd_client.errors import ClientError

_STOP_SECONDS = 60.0
_LIBRARIES = ("flask", "celery", "torch", "llvmlite")
"""Packages that a laboratory needs beyond the client's own."""


class StackError(ClientError):
    """The embedded laboratory did not start, or ended unexpectedly."""


@dataclass
class Stack:
    """A running laboratory; `process` is None if another command started it."""

    url: str
    home: Path
    process: subprocess.Popen[str] | None = field(repr=False)

    def wait(self) -> None:
        """Wait until the laboratory ends, or until a signal stops it."""
        if self.process is None:
            return
        with _interrupts(self.process):
            if self.process.wait() not in {0, -signal.SIGTERM, -signal.SIGINT}:
                msg = f"the laboratory ended by itself: its logs are in {self.home / 'logs'}"
                raise StackError(msg)


@contextmanager
def started(home: Path, port: int | None, workers: int = 0) -> Iterator[Stack]:
    """Yield the laboratory of a folder; start one if none runs there, and stop that one at the end.

    A port that was asked for must be free; None takes that of LTD_PORT, else the first free one from the usual on.
    """
    if missing := [name for name in _LIBRARIES if find_spec(name) is None]:
        msg = f"a laboratory needs pip install 'ltd-lab[worker]': {', '.join(missing)} not installed here"
        raise StackError(msg)
    options = ["--home", str(home), "--workers", str(workers)]
    options += [] if port is None else ["--port", str(port)]
    command = [sys.executable, "-m", "services.embedded", *options]
    # A process group of its own: Ctrl-C reaches only this command, which then stops the laboratory in order.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)
    try:
        event = _first_event(process)
        if event["event"] == "running":
            process.wait(_STOP_SECONDS)
            yield Stack(event["url"], home, None)
        else:
            yield Stack(event["url"], home, process)
    finally:
        _end(process)


@contextmanager
def reachable(server: str, home: Path, console: Console) -> Iterator[str]:
    """Yield `server` if given, else the address of the folder's laboratory, started for this command if none runs."""
    if server:
        yield server
        return
    with ExitStack() as parts:
        with console.err.status("Starting a laboratory: API, workers, broker, database ..."):
            stack = parts.enter_context(started(home, 0))
        try:
            yield stack.url
        finally:
            with console.err.status("Stopping the laboratory ..."):
                parts.close()


def _first_event(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the launcher's first event; raises StackError if it is neither ready nor running."""
    with _interrupts(process):
        line = process.stdout.readline() if process.stdout else ""
    event: dict[str, str] = json.loads(line) if line else {"event": "ended"}
    if event["event"] not in {"ready", "running"}:
        process.wait(_STOP_SECONDS)
        raise StackError(event.get("message", "the laboratory did not start"))
    return event


@contextmanager
def _interrupts(process: subprocess.Popen[str]) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a request to the laboratory to stop."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        process.terminate()

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    if process.stdout:
        process.stdout.close()
