"""A hundred clients that send slowly, send nothing or do not read, and how long another one waits meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np

from tests.support.parts import DEADLINE

CLIENTS = 100
EVERY = 0.25
_POST = b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
NOT_READ = "large file not read"
KINDS: dict[str, tuple[bytes, bytes]] = {
    "headers": (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n"),
    "body of a length": (_POST + b"Content-Length: 100000\r\n\r\n", b" "),
    "body in chunks": (_POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    NOT_READ: (b"GET /dashboard/plotly.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n", b""),
    "half open": (b"", b""),
}
"""What a client begins with, and what it adds every EVERY seconds."""


@contextmanager
def slow(url: str, kind: str) -> Iterator[None]:
    """Keep CLIENTS connections of one kind."""
    first, more = KINDS[kind]
    over = threading.Event()
    address = (urlsplit(url).hostname, urlsplit(url).port)

    def go_on(clients: list[socket.socket]) -> None:
        while not over.wait(EVERY):
            for client in clients:
                with suppress(OSError):
                    client.sendall(more)

    with ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(CLIENTS)]
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that an answer stays with the server
            client.settimeout(DEADLINE)
            client.connect(address)
            client.sendall(first)
        for client in clients if kind == NOT_READ else []:
            assert client.recv(1)  # the answer is made, and the rest of it waits
        thread = threading.Thread(target=go_on, args=[clients])
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def waits(url: str, seconds: float) -> float:
    """Return the 99th percentile of the seconds to an answer of /healthz, each over a connection of its own."""
    taken: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        client = HTTPConnection(urlsplit(url).netloc, timeout=5)
        with suppress(TimeoutError):
            client.request("GET", "/healthz")
            assert client.getresponse().read()
        client.close()
        taken.append(time.perf_counter() - begun)
        time.sleep(0.005)  # so that it is one client among others
    return float(np.quantile(taken, 0.99))
