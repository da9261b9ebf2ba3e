"""The parts of the laboratory on one machine: started in order, watched, ended in the opposite order."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, cast

from services.embedded import guard
from services.embedded.broker import answers, broker_program
from services.embedded.child import Child, Program, StackFailed
from services.embedded.home import Home

START_SECONDS = 90.0  # a busy machine loads slowly
WATCH_SECONDS = 0.2
RESTARTS = 5  # of one part
RESTART_WINDOW_SECONDS = 60.0
PORTS = 100


class Stopped(Exception):
    """The stack was asked to end."""


class Stack:
    """Starts, watches and ends the parts. Whatever becomes of this process, its guard ends them too."""

    def __init__(self, home: Home, lock: int, environment: Mapping[str, str], stop: threading.Event) -> None:
        self._home = home
        self._environment = dict(environment)
        self._stop = stop
        self._children: list[Child] = []
        self._restarts: dict[str, list[float]] = {}
        self._sockets, temporary = home.socket_folder()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__, str(home.record), *([str(self._sockets)] if temporary else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),  # a new stack must wait until the guard of the old one is through
            start_new_session=True,
        )
        self._guard_pipe = cast("IO[bytes]", self._guard.stdin)

    def start_broker(self) -> None:
        """Start the private broker and point the other parts at it."""
        path = self._sockets / "broker.sock"
        child = self._start(broker_program(path, self._home.path / "broker"))
        self._environment["LTD_BROKER_URL"] = f"redis+socket://{path}"
        self._wait(child, lambda: answers(str(path)))

    def start_workers(self) -> None:
        """Start the workers; they load while the API starts."""
        command = (sys.executable, "-m", "celery", "-A", "worker.app", "worker")
        options = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
        self._start(Program("worker", (*command, *options), grace=30.0))

    def start_api(self, listener: socket.socket) -> None:
        """Start the API on a socket that listens already, and wait until it answers."""
        command = (sys.executable, "-m", "api.serving", "--fd", str(listener.fileno()))
        child = self._start(Program("api", command, 10.0, (listener.fileno(),)))
        host, port = listener.getsockname()[:2]
        self._wait(child, lambda: _healthy(reachable(host), port))

    def watch(self) -> None:
        """Start a part again when it dies, until asked to end; raise StackFailed when it dies too often."""
        while not self._stop.wait(WATCH_SECONDS):
            if self._guard.poll() is not None:
                raise StackFailed("the guard of the stack was killed")
            for child in list(self._children):
                if child.process.poll() is not None:
                    self._restart(child)

    def end(self) -> None:
        """End the parts, the last first, and the guard."""
        for child in reversed(list(self._children)):
            self._end(child, child.program.grace)
        self._guard.communicate()  # closes its pipe and waits

    def _start(self, program: Program) -> Child:
        child = Child(program, self._home.log(program.name), self._environment, self._home.path)
        self._tell_guard(f"+{child.process.pid} {program.grace}")
        self._children.append(child)
        return child

    def _end(self, child: Child, grace: float) -> None:
        guard.end(child.process.pid, grace)
        self._children.remove(child)
        self._tell_guard(f"-{child.process.pid}")

    def _restart(self, child: Child) -> None:
        now = time.monotonic()
        name = child.program.name
        recent = [start for start in self._restarts.get(name, []) if now - start < RESTART_WINDOW_SECONDS]
        if len(recent) == RESTARTS:
            child.check()
        self._restarts[name] = [*recent, now]
        sys.stderr.write(f"{name} ended with exit status {child.process.poll()}; starting it again\n")
        self._end(child, grace=0.0)
        self._start(child.program)

    def _tell_guard(self, line: str) -> None:
        with suppress(BrokenPipeError):  # `watch` notices that it was killed
            self._guard_pipe.write(f"{line}\n".encode())
            self._guard_pipe.flush()

    def _wait(self, child: Child, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self._stop.wait(WATCH_SECONDS / 4):
                raise Stopped
            for part in self._children:
                part.check()
            if time.monotonic() > deadline:
                raise StackFailed(f"{child.program.name} gave no answer in {START_SECONDS:.0f} s\n{child.tail()}")


def listen(host: str, port: int, *, asked: bool = False) -> socket.socket:
    """Return a socket that listens on the port, or unless it was asked for on the first free one after it; 0: any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reason = ""
    for candidate in range(port, min(port + (1 if asked else PORTS), 65536)):
        try:
            return socket.create_server((host, candidate), family=family, backlog=2048)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
    if asked:
        raise StackFailed(
            f"port {port} cannot be opened at {host} ({reason}): name another with --port (LTD_PORT), 0 for any"
        )
    raise StackFailed(f"none of the {PORTS} ports from {port} on can be opened at {host} ({reason})")


def reachable(host: str) -> str:
    """Return the address under which a server bound to `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
