"""A connection that breaks: stands between a client and the API, and lets only so much of an answer through."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class Flaky:
    """Breaks the first connections, each after so many bytes of the answer; later ones hold. Keeps what was sent."""

    def __init__(self, url: str, *breaks: int) -> None:
        at = urlsplit(url)
        self._target = (at.hostname or "", at.port or 0)
        self._breaks = list(breaks)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent: list[bytearray] = []
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def cut(self) -> None:
        """Break the connections that there are."""
        for client in self._clients:
            with suppress(OSError):  # gone already
                client.shutdown(socket.SHUT_RDWR)

    def headers(self, name: str) -> list[str]:
        """Return the values of a header in what was sent, in order."""
        lines = [line for sent in self.sent for line in sent.decode().split("\r\n")]
        return [line.partition(": ")[2] for line in lines if line.lower().startswith(f"{name.lower()}: ")]

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                allowed = self._breaks.pop(0) if self._breaks else None
                server = socket.create_connection(self._target)
                self._clients.append(client)
                self.sent.append(bytearray())
                threading.Thread(target=self._forward, args=(client, server, self.sent[-1]), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server, allowed), daemon=True).start()

    @staticmethod
    def _forward(client: socket.socket, server: socket.socket, sent: bytearray) -> None:
        with suppress(OSError):
            while piece := client.recv(65536):
                sent += piece
                server.sendall(piece)
            server.shutdown(socket.SHUT_WR)

    @staticmethod
    def _answer(client: socket.socket, server: socket.socket, allowed: int | None) -> None:
        with suppress(OSError), client, server:
            while piece := server.recv(65536):
                client.sendall(piece if allowed is None else piece[:allowed])
                if allowed is not None:
                    allowed -= len(piece)
                    if allowed <= 0:
                        break
            client.shutdown(socket.SHUT_RDWR)
