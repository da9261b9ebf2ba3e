"""Serves the API: `python -m api.serving`, at LTD_HOST and LTD_PORT, on a Unix socket, or on one that is inherited.

One thread reads and writes all connections (waitress, decision 20). A request gets a thread when it is here whole, and
gives it back when its answer is made, however slowly the client sends and reads.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from wsgiref.types import WSGIApplication

from pydantic import ValidationError
from waitress import create_server, wasyncore
from waitress.server import BaseWSGIServer

from api.app import create_app
from api.http.receiving import LARGEST_IMPORT, Channel, adjusted
from api.http.security import is_local
from ltd_core.errors import LtdError
from services.settings import Settings

THREADS = 64
CONNECTIONS = 1000
"""Further ones wait to be accepted."""
GRACE_SECONDS = 3.0
"""For answers that are under way when the server is told to end."""
_FILES = 4096
"""A connection may hold a second file, of a large body or answer."""
_IN_MEMORY = 16 * 1024 * 1024
"""Bytes of an answer that waits for its client; the rest of a larger one waits in a file."""
_YOUNG = 20_000
"""Objects that are made before the youngest are looked at; Python's own 700 are half a request."""


class NotGuarded(LtdError):
    """The address can be reached from other machines, and there is no token."""


class Threads:
    """Runs requests. A thread is made when all others are busy, so that those in use are few and their caches warm."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "request")

    def add_task(self, channel: Channel) -> None:
        """Answer the first request of a connection."""
        self._pool.submit(channel.service)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m api.serving", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--unix", metavar="PATH", help="listen on a Unix socket")
    where.add_argument("--fd", metavar="NUMBER", type=int, help="serve a socket that listens already")
    given = parser.parse_args(arguments)
    try:
        settings = Settings()
        listener = _listener(settings, given.unix, given.fd)
        check_guarded(listener, settings)
    except (ValidationError, NotGuarded, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    serve(settings, listener)
    return 0


def check_guarded(listener: socket.socket, settings: Settings) -> None:
    """Raise NotGuarded for a socket of other machines without a token, wherever the address comes from."""
    address = listener.getsockname()
    if isinstance(address, tuple) and not is_local(address[0]) and not settings.token:
        raise NotGuarded(f"{address[0]} can be reached from other machines: set LTD_TOKEN, or listen on 127.0.0.1")


def server_of(app: WSGIApplication, token: str, listener: socket.socket) -> BaseWSGIServer:
    """Return a server of an application; `turn` makes it work."""
    server = create_server(
        app,
        _dispatcher=Threads(),
        sockets=[listener],
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select() knows no file above 1023
        outbuf_overflow=_IN_MEMORY,
        channel_request_lookahead=1,  # a closed connection is seen while its request waits or is answered
        ident="",
        **adjusted(LARGEST_IMPORT),
    )
    server.channel_class = Channel
    Channel.token = token
    return server


def turn(server: BaseWSGIServer, seconds: float) -> None:
    """Wait for something to read or write, and do it."""
    wasyncore.loop(seconds, use_poll=True, map=server._map, count=1)  # noqa: SLF001 - it has no other name


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve until the process is told to end, then until what is under way is answered, for GRACE_SECONDS at most."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES), hard))
    server = server_of(create_app(settings), settings.token, listener)
    told = threading.Event()

    def end(*_: object) -> None:
        told.set()
        server.pull_trigger()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    _spare_garbage()
    while not told.is_set():
        turn(server, 1.0)
    server.accepting = False
    deadline = time.monotonic() + GRACE_SECONDS
    while _busy(server) and time.monotonic() < deadline:
        turn(server, 0.1)
    os._exit(0)  # threads of event streams would be waited for


def _busy(server: BaseWSGIServer) -> bool:
    return any(channel.requests or channel.total_outbufs_len for channel in server.active_channels.values())


def _listener(settings: Settings, unix: str | None, fd: int | None) -> socket.socket:
    if fd is not None:
        return socket.socket(fileno=fd)
    if unix is None:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(unix)
    return listener


def _spare_garbage() -> None:
    """Look for garbage once in some requests instead of twice in each, and never in what is loaded by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


if __name__ == "__main__":
    sys.exit(main())
