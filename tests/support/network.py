"""A network between a worker and a server, which a test can cut: TCP on the loopback, carried to a Unix socket."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Cut = Literal["refused", "silent"]
CHUNK = 65536
LINGER = struct.pack("ii", 1, 0)  # a socket that is closed with this is reset


@dataclass(eq=False)
class Line:
    """One connection of a worker: `server` is None where it was never carried on."""

    worker: socket.socket
    server: socket.socket | None
    forgotten: bool = False
    held: bytes = b""  # what the worker sent while the network was silent
    left: bool = False  # the worker has closed it meanwhile


class Network:
    """Carries the connections to a port of the loopback to the Unix socket `target`, until it is cut.

    Refused: what is open is reset, and nobody listens. Silent: connections stay open and new ones are accepted, but no
    byte comes through. What the worker sent meanwhile reaches the server once the network is mended, like packets that
    a kernel sends again; nothing ever comes back on these connections, as behind a router that has forgotten them.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._place = self._bound(0)  # does not listen: nobody else gets the port while connections are refused
        self.port = int(self._place.getsockname()[1])
        self._lock = threading.Lock()
        self._events = selectors.DefaultSelector()
        self._lines: set[Line] = set()
        self._listener: socket.socket | None = None
        self._silent = self._ended = False
        self.mend()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._thread.start()

    def cut(self, how: Cut) -> None:
        """Carry nothing from now on."""
        with self._lock:
            if how == "refused":
                self._refuse()
            self._silent = how == "silent"
            for line in self._lines:
                line.forgotten = True

    def mend(self) -> None:
        """Carry again."""
        with self._lock:
            self._silent = False
            if self._listener is None:
                self._listener = self._bound(self.port)
                self._listener.listen()
                self._events.register(self._listener, selectors.EVENT_READ)
            for line in list(self._lines):
                self._deliver(line)

    def end(self) -> None:
        """Close everything."""
        self._ended = True
        self._thread.join()
        self._refuse()
        self._events.close()
        self._place.close()

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._events.select(0.1):
                with self._lock, suppress(OSError):  # an end that is gone says so once more, as closed
                    if self._events.get_map().get(key.fd) is key:  # not closed since
                        self._read(key.fileobj, key.data)

    def _read(self, source: object, line: Line | None) -> None:
        if line is None:
            self._accept()
        elif source is line.worker:
            self._from_worker(line, self._received(line.worker))
        elif line.server is not None:
            self._from_server(line, self._received(line.server))

    def _accept(self) -> None:
        assert self._listener is not None
        worker, _ = self._listener.accept()
        line = Line(worker, None, forgotten=self._silent)
        self._lines.add(line)
        self._events.register(worker, selectors.EVENT_READ, line)
        if not self._silent:
            line.server = socket.socket(socket.AF_UNIX)
            line.server.connect(self._target)
            self._events.register(line.server, selectors.EVENT_READ, line)

    @staticmethod
    def _received(source: socket.socket) -> bytes:
        with suppress(ConnectionError):
            return source.recv(CHUNK)
        return b""

    def _from_worker(self, line: Line, data: bytes) -> None:
        line.held += data
        if not data:
            line.left = True
            self._events.unregister(line.worker)
        if not self._silent:
            self._deliver(line)

    def _deliver(self, line: Line) -> None:
        with suppress(OSError):
            if line.server is not None:
                line.server.sendall(line.held)
        line.held = b""
        if line.left:
            self._drop(line)

    def _from_server(self, line: Line, data: bytes) -> None:
        if line.forgotten:
            if not data and line.server is not None:
                self._events.unregister(line.server)
        elif data:
            line.worker.sendall(data)
        else:
            self._drop(line)

    def _refuse(self) -> None:
        if self._listener is not None:
            self._events.unregister(self._listener)
            self._listener.close()
            self._listener = None
        for line in list(self._lines):
            line.worker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
            self._drop(line)

    def _drop(self, line: Line) -> None:
        self._lines.discard(line)
        for end in (line.worker, line.server):
            if end is not None:
                with suppress(KeyError):
                    self._events.unregister(end)
                end.close()

    @staticmethod
    def _bound(port: int) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        return made
