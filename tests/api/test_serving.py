"""gunicorn with the API's threads: a busy connection keeps its thread, and none waits for one."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.support.parts import DEADLINE, ROOT, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THREADS = 2


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener, (tmp_path / "log").open("wb") as log:
        options = ["--bind", f"fd://{listener.fileno()}", "-k", "tests.api.counted.CountedThreads"]
        command = [sys.executable, "-m", "gunicorn", "-c", "python:api.serving", "tests.api.counted:app", *options]
        with subprocess.Popen(
            [*command, "--threads", str(THREADS)], cwd=ROOT, stdout=log, stderr=log, pass_fds=[listener.fileno()]
        ) as server:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            server.terminate()


def test_a_connection_that_asks_again_at_once_keeps_its_thread(address: str) -> None:
    with httpx2.Client(base_url=address, timeout=DEADLINE) as client:
        assert [client.get("/").text for _ in range(20)] == ["1"] * 20
        wait_for(lambda: client.get("/").text != "1", every=0.2)  # rarer than a thread waits: handed over each time


def test_more_connections_than_threads_are_answered_side_by_side(address: str) -> None:
    stop = threading.Event()

    def ask_on() -> None:
        with httpx2.Client(base_url=address, timeout=DEADLINE) as client:
            while not stop.is_set():
                client.get("/")

    busy = [threading.Thread(target=ask_on) for _ in range(2 * THREADS)]
    with ExitStack() as stack:
        stack.callback(lambda: [thread.join() for thread in busy])
        stack.callback(stop.set)
        for thread in busy:
            thread.start()
        for _ in range(5):
            assert httpx2.get(address, timeout=DEADLINE).status_code == httpx2.codes.OK
