"""Thousands of broken requests over real connections: each is answered or closed at once, none breaks the server."""

from __future__ import annotations

import json
import re
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from services.migrate import migrate
from services.settings import Settings
from tests.api.malformed import requests
from tests.support.parts import DEADLINE, Api

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("malformed")]
QUIET = 0.03
"""Seconds without an answer, after which the client says that no more will come."""
HANGS = 2.0
GROWTH = 12 * 2**20
"""Bytes that the second half of the requests may add: 1.5 to 4 MiB are seen, of a few threads more and what the
allocator keeps for each; Python's own objects take none. Half a kilobyte lost at each of 25,000 requests is more.
"""
PROBLEM = b"content-type: application/problem+json"


class Asker:
    """Sends requests to one server, and keeps what is wrong with their answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.wrong: list[tuple[str, bytes]] = []
        self.slowest = 0.0

    def ask(self, request: bytes) -> None:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=QUIET) as client, suppress(ConnectionError):
            with suppress(TimeoutError):
                client.sendall(request)
                self._look(client.recv(4096), request)
                return
            client.settimeout(DEADLINE)
            client.shutdown(socket.SHUT_WR)
            self._look(client.recv(4096), request)
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def _look(self, answer: bytes, request: bytes) -> None:
        """Hold the beginning of an answer, which is empty for what is no whole request."""
        found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        if answer and not found:
            self.wrong.append(("no answer of HTTP", request))
        elif found and int(found[1]) >= 400 and PROBLEM not in answer.lower():
            self.wrong.append((f"{found[1].decode()} without a problem document", request))


@pytest.mark.parametrize("count", [2000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_no_broken_request_breaks_the_server(tmp_path: Path, count: int) -> None:
    settings = Settings(home=tmp_path, port=0)
    migrate(settings)
    api = Api(settings.environment(), tmp_path / "log").wait_ready()
    try:
        asker = Asker(int(api.url.rpartition(":")[2]))
        process = psutil.Process(api.pid)
        with ThreadPoolExecutor(16) as pool:
            sizes = []
            for half in range(2):
                list(pool.map(asker.ask, requests(seed=half, count=count // 2)))
                sizes.append(process.memory_info().rss)
        assert httpx2.get(f"{api.url}/healthz", timeout=DEADLINE).status_code == httpx2.codes.OK
    finally:
        api.end()
    log = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    statuses = Counter(line["status"] for line in lines if line["event"] == "request")
    middle, last = (size / 2**20 for size in sizes)
    told = f"{middle:.0f}, then {last:.0f} MiB, slowest {asker.slowest:.2f} s, {sorted(statuses.items())}"
    assert asker.wrong == []
    assert {status for status in statuses if status >= 500} <= {501}, told  # a transfer encoding beside "chunked"
    assert "Traceback" not in log, told
    assert sizes[1] - sizes[0] < GROWTH, told
    assert asker.slowest < HANGS, told
